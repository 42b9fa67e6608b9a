#!/bin/sh
# Needs curl, and Node 20 or newer.
set -e
npm install --ignore-scripts --no-audit --no-fund --silent
curl -fsS "${REPRISE_URL:-http://127.0.0.1:7171}/schema.graphql" -o schema.graphql
npx relay-compiler --output quiet-with-errors
npx tsc
npx babel story.ts --out-file generated.js
npx tsx generated.js
