#!/bin/sh
# Needs Node 20 or newer.
set -e
npm install --ignore-scripts --no-audit --no-fund --silent
npx graphql-codegen --silent
npx tsc
npx tsx story.ts
