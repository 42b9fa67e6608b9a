#!/bin/sh
# Needs Node 20 or newer.
set -e
npm ci --ignore-scripts --no-audit --no-fund --silent
npx gql.tada generate-schema "${REPRISE_URL:-http://127.0.0.1:7171}/graphql" >&2
npx gql.tada generate-output >&2
npx tsc
npx tsx story.ts
