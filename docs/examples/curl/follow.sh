#!/bin/sh
# Follows a run to its end: ASSAY_URL=… ASSAY_KEY=… sh follow.sh <run, job or topic> [<seq>]
# Prints each page of events as JSON; give the last seq you have, and it goes on after that. A job id is percent-encoded.
set -eu
if [ $# -lt 1 ] || [ $# -gt 2 ] || [ -z "${ASSAY_URL:-}" ] || [ -z "${ASSAY_KEY:-}" ]; then
  echo "usage: ASSAY_URL=… ASSAY_KEY=… sh follow.sh <run, job or topic> [<seq>]" >&2
  exit 2
fi
api=${ASSAY_URL%/}/api/v1
scratch=$(mktemp -d)
answer=$scratch/answer
trap 'rm -rf "$scratch"' EXIT

# Whether there is something at an address; a refusal is shown and ends the program.
ask() {
  : > "$answer"
  # The key comes from a file descriptor: arguments can be read by everybody on the machine.
  if status=$(printf 'header = "X-API-Key: %s"\n' "$ASSAY_KEY" |
    curl --config - --silent --show-error --fail-with-body --retry 10 --retry-connrefused \
      --output "$answer" --write-out '%{http_code}' "$1" 2> "$scratch/fault"); then
    return 0
  fi
  [ "$status" != 404 ] || return 1
  refuse
}
refuse() {
  cat "$scratch/fault" "$answer" >&2
  echo >&2
  exit 1
}

topic=$1
if ask "$api/runs/$1/" || ask "$api/jobs/$1/"; then
  topic=$(sed -n 's/.*"topic": *"\([0-9a-f-]*\)".*/\1/p' "$answer")
fi
seen=${2:-0}
# Begins some lines earlier: they tell whether it has ended already. Only lines after `seen` are printed.
after=$((seen > 1000 ? seen - 1000 : 0))
ended=
complete=
until [ "$ended" ] && [ "$complete" ]; do
  [ -z "$complete" ] || sleep 1
  ask "$api/topics/$topic/events/?after=$after&limit=$((after < seen ? seen - after : 200))" || refuse
  if [ "$after" -ge "$seen" ] && ! grep -q '"events":\[\],' "$answer"; then
    cat "$answer"
    echo
  fi
  # Lines may follow an ending; only `run.retried` and `job.reported` take it back.
  for kind in $(grep -o "\"topic\":\"$topic\",\"type\":\"[a-z.]*\"}" "$answer" | sed 's/.*:"\(.*\)"}/\1/'); do
    case $kind in
      run.succeeded | run.failed | run.cancelled | job.succeeded | job.failed) ended=yes ;;
      run.retried | job.reported) ended= ;;
    esac
  done
  # The last line of the page: an event, or lines that were emptied.
  for seq in $(grep -o "\"seq\":[0-9]*,\"source\":\"/topics/$topic\"" "$answer" | tail -n 1 | sed 's/[^:]*:\([0-9]*\).*/\1/') \
    $(sed -n 's/.*"last":\([0-9]*\)}\]}$/\1/p' "$answer"); do
    [ "$seq" -le "$after" ] || after=$seq
  done
  head=$(sed -n 's/^{"head":\([0-9]*\),.*/\1/p' "$answer")
  [ "$head" -ge "$seen" ] || { echo "the log ends at $head: begin again with 0" >&2; exit 1; }
  complete=$(sed -n 's/^{"head":[0-9]*,"complete":true,.*/yes/p' "$answer")
done
