#!/bin/sh
# Uploads a file; run it again after a cut and it goes on: ASSAY_URL=… ASSAY_KEY=… sh upload.sh clip.mp4
set -eu
if [ $# -ne 1 ] || [ -z "${ASSAY_URL:-}" ] || [ -z "${ASSAY_KEY:-}" ]; then
  echo "usage: ASSAY_URL=… ASSAY_KEY=… sh upload.sh <file>" >&2
  exit 2
fi
[ -f "$1" ] || { echo "There is no file $1." >&2; exit 1; }
server=${ASSAY_URL%/}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Asks, and keeps status, headers and body. A refusal is shown and ends the program, unless its status is in $1.
ask() {
  expected=$1
  shift
  : > "$scratch/body"
  : > "$scratch/headers"
  # The key comes from a file descriptor: arguments can be read by everybody on the machine.
  if status=$(printf 'header = "X-API-Key: %s"\n' "$ASSAY_KEY" |
    curl --config - --silent --show-error --fail-with-body --retry 10 --retry-connrefused -H 'Tus-Resumable: 1.0.0' \
      --output "$scratch/body" --dump-header "$scratch/headers" --write-out '%{http_code}' "$@" 2> "$scratch/fault"); then
    return 0
  fi
  case " $expected " in
    *" $status "*) return 0 ;;
  esac
  cat "$scratch/fault" "$scratch/body" >&2
  echo >&2
  exit 1
}
# Of a header; nothing else may be taken for an upload or an offset.
header() {
  value=$(tr -d '\r' < "$scratch/headers" | sed -n "s/^$1: //Ip" | tail -n 1)
  [ -n "$value" ] || { echo "The answer has no $1: is ASSAY_URL the address of the server?" >&2; exit 1; }
}
base64_of() { printf '%s' "$1" | base64 | tr -d '\n'; }

size=$(wc -c < "$1" | tr -d ' ')
sha256=$(sha256sum < "$1" | cut -d' ' -f1)
metadata="filename $(base64_of "$(basename "$1")"),sha256 $(base64_of "$sha256")"

count=0
offset=$size
# The key is made from the file: asked again, the server names the upload it has begun already. One that is
# complete, or has expired, is of an earlier time; the same file is being sent once more.
while [ "$offset" = "$size" ]; do
  ask '' -X POST -H "Upload-Length: $size" -H "Upload-Metadata: $metadata" \
    -H "Idempotency-Key: $sha256 $count" "$server/api/v1/uploads/"
  header Location
  upload=$server$value
  ask '404 410' --head "$upload"
  case $status in
    2*) header Upload-Offset && offset=$value ;;
  esac
  count=$((count + 1))
done

while [ "$offset" != "$size" ]; do
  # Pieces of 8 MB: what is beyond the offset, by whole megabytes.
  tail -c "+$((offset + 1))" "$1" | head -c 8388608 > "$scratch/piece"
  checksum=$(sha256sum < "$scratch/piece" | cut -d' ' -f1 | sed 's/\(..\)/\\x\1/g')
  checksum=$(env printf "$checksum" | base64 | tr -d '\n')
  # 409: the piece had arrived although its answer was lost; 460: it was damaged on its way. The offset tells.
  ask '409 460' -X PATCH -H "Upload-Offset: $offset" -H "Upload-Checksum: sha256 $checksum" \
    -H 'Content-Type: application/offset+octet-stream' --data-binary "@$scratch/piece" "$upload"
  case $status in
    409 | 460) sleep 1 ;;
  esac
  ask '' --head "$upload"
  header Upload-Offset
  offset=$value
  echo "$offset of $size bytes" >&2
done
ask '' "$upload"
tr ',' '\n' < "$scratch/body" | sed -n 's/.*"\(sha256\|topic\)": *"\([^"]*\)".*/\2/p' | paste -s -d' '
