#!/bin/sh
# Uploads a file; run it again after a cut and it goes on: ASSAY_URL=… ASSAY_KEY=… sh upload.sh clip.mp4
set -eu

ask() {
  printf 'header = "X-API-Key: %s"\n' "$ASSAY_KEY" |
    curl --config - --silent --show-error --fail --retry 10 --retry-connrefused -H 'Tus-Resumable: 1.0.0' "$@"
}
header() { tr -d '\r' | sed -n "s/^$1: //Ip"; }
base64_of() { printf '%s' "$1" | base64 | tr -d '\n'; }

size=$(wc -c < "$1" | tr -d ' ')
sha256=$(sha256sum < "$1" | cut -d' ' -f1)
metadata="filename $(base64_of "$(basename "$1")"),sha256 $(base64_of "$sha256")"
piece=$(mktemp)
trap 'rm -f "$piece"' EXIT

count=0
offset=$size
# The key is made from the file: asked again, the server names the upload it has begun already. One that is
# complete is of an earlier time; the same file is being sent once more.
while [ "$offset" = "$size" ]; do
  upload=$ASSAY_URL$(ask --dump-header - -X POST -H "Upload-Length: $size" -H "Upload-Metadata: $metadata" \
    -H "Idempotency-Key: $sha256 $count" "$ASSAY_URL/api/v1/uploads/" | header Location)
  offset=$(ask --head "$upload" | header Upload-Offset)
  count=$((count + 1))
done

while [ "$offset" != "$size" ]; do
  # Pieces of 8 MB: what is beyond the offset, by whole megabytes.
  tail -c "+$((offset + 1))" "$1" | head -c 8388608 > "$piece"
  checksum=$(sha256sum < "$piece" | cut -d' ' -f1 | sed 's/\(..\)/\\x\1/g')
  checksum=$(env printf "$checksum" | base64 | tr -d '\n')
  # A piece whose answer was lost is refused the second time (409); the offset tells.
  ask -X PATCH -H "Upload-Offset: $offset" -H "Upload-Checksum: sha256 $checksum" \
    -H 'Content-Type: application/offset+octet-stream' --data-binary "@$piece" "$upload" || sleep 1
  offset=$(ask --head "$upload" | header Upload-Offset)
  echo "$offset of $size bytes" >&2
done
ask "$upload" | tr ',' '\n' | sed -n 's/.*"\(sha256\|topic\)": *"\([^"]*\)".*/\2/p' | paste -s -d' '
