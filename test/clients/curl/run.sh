#!/bin/sh
# Needs curl and jq.
exec bash story.sh
