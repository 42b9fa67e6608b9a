#!/usr/bin/env bash
# Needs curl and jq.
set -euo pipefail
url=${REPRISE_URL:-http://127.0.0.1:7171}/graphql

# run OPERATION VARIABLES [OPTION OF CURL…]
run() {
  operation=$1 variables=$2
  shift 2
  jq -n --rawfile query ../operations.graphql --arg operationName "$operation" --argjson variables "$variables" \
    '{$query, $operationName, $variables}' |
    curl -sS "$@" -H 'content-type: application/json' --data-binary @- "$url"
}

# Prints what the filter selects of the data. Ends with the message of an error, in either of its two places.
pick() {
  jq -re "(.errors[]? | .message | halt_error),
    (.data[] | select(.code?) | \"\(.code): \(.message)\n\" | halt_error),
    (.data | $1)"
}

queue() { run Queue "{\"input\": $1}" | pick .queueDownload.task.id; }

# Prints each event of the stream until the task has finished.
follow() {
  run Follow "{\"id\": \"$1\"}" -N -H 'accept: text/event-stream' | sed -un 's/^data: //p' |
    jq -r --unbuffered '.data.taskUpdates.task // empty | "\(.state) \(.progress | round) %"'
}

album=$(run Search '{"text": "night ferry"}' | pick '.search.nodes[0]')
echo "$album" | jq -r '"\(.title), \(.trackCount) tracks"'

id=$(queue "$(echo "$album" | jq '{item: .id, options: {format: "MP3", bitrateKbps: 128}}')")
follow "$id"
run Files "{\"id\": \"$id\"}" | pick '.task.children.nodes[].file | "\(.format) \(.path)"'

# As slow as playback, so that it is still there to be canceled.
other=$(queue '{"item": "demo:low-tide-radio", "type": "ALBUM", "options": {"realTime": true}}')
run Cancel "{\"id\": \"$other\"}" | pick '.cancelTask.task | "\(.state) \(.title)"'
run Retry "{\"id\": \"$other\"}" | pick '.retryTask.task | "\(.state) \(.title)"'

queue '{"item": "demo:no-such-album", "type": "ALBUM"}' 2>&1 || true
