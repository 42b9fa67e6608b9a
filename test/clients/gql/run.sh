#!/bin/sh
# Needs Python 3.10 or newer.
set -e
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
.venv/bin/python story.py
