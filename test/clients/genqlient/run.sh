#!/bin/sh
# Needs curl, and Go 1.24 or newer.
set -e
curl -fsS "${REPRISE_URL:-http://127.0.0.1:7171}/schema.graphql" -o schema.graphql
go tool genqlient
go run .
