#!/bin/sh
# Needs Node 20 or newer.
set -e
npm install --ignore-scripts --no-audit --no-fund --silent
npx openapi-typescript "${REPRISE_URL:-http://127.0.0.1:7171}/api/openapi.json" -o generated.ts >&2
npx tsc
npx tsx story.ts
