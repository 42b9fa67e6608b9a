#!/bin/sh
# Needs curl, and Python 3.10 or newer.
set -e
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
curl -fsS "${REPRISE_URL:-http://127.0.0.1:7171}/schema.graphql" -o schema.graphql
.venv/bin/ariadne-codegen >&2
.venv/bin/python story.py
