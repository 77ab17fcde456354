#!/bin/sh
# Follows a topic to its end: ASSAY_URL=… ASSAY_KEY=… sh follow.sh <topic> [<seq>]
# Prints each page of events as JSON; give the last seq you have, and it goes on after that.
set -eu

ask() {
  printf 'header = "X-API-Key: %s"\n' "$ASSAY_KEY" |
    curl --config - --silent --show-error --fail-with-body --retry 10 --retry-connrefused "$@"
}

after=${2:-0}
while :; do
  page=$(ask "$ASSAY_URL/api/v1/topics/$1/events/?after=$after&limit=200")
  head=$(printf '%s' "$page" | sed 's/^{"head":\([0-9]*\),.*/\1/')
  case $page in
    *'"events":[]'*) ;;
    *) printf '%s\n' "$page" ;;
  esac
  # The last line of the page: an event, or lines that were emptied.
  for seq in $(printf '%s' "$page" | grep -o '"seq":[0-9]*,"source":"/topics/' | tail -n 1 | tr -dc '0-9 ') \
    $(printf '%s' "$page" | sed -n 's/.*"last":\([0-9]*\)}\]}$/\1/p'); do
    [ "$seq" -le "$after" ] || after=$seq
  done
  case $page in
    "{\"head\":$head,\"complete\":true,"*) ;;
    *) continue ;;
  esac
  # The end is reached. Who begins there has not seen the last line: is it an ending?
  last=$(ask "$ASSAY_URL/api/v1/topics/$1/events/?after=$((head > 0 ? head - 1 : 0))&limit=1")
  case $last in
    *'"type":"run.succeeded"}],"thinned":[]}' | *'"type":"run.failed"}],"thinned":[]}') exit 0 ;;
    *'"type":"run.cancelled"}],"thinned":[]}') exit 0 ;;
    *'"type":"job.succeeded"}],"thinned":[]}' | *'"type":"job.failed"}],"thinned":[]}') exit 0 ;;
  esac
  sleep 1
done
