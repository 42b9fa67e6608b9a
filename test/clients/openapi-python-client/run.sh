#!/bin/sh
# Needs Python 3.11 or newer.
set -e
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
.venv/bin/openapi-python-client generate --url "${REPRISE_URL:-http://127.0.0.1:7171}/api/openapi.json" \
  --output-path generated_client --config config.yml --meta none --overwrite --fail-on-warning >&2
.venv/bin/python story.py
