// A live view as it comes: parts of multipart/x-mixed-replace, each with its head and its bytes. Pure.

const MOST_HEAD = 1024;
const MOST_PART = 4 << 20;

// Takes bytes as they arrive and gives the parts that are complete: [{shows, bytes}, …].
export class Parts {
  constructor() {
    this.bytes = new Uint8Array(0);
  }

  take(chunk) {
    const joined = new Uint8Array(this.bytes.length + chunk.length);
    joined.set(this.bytes);
    joined.set(chunk, this.bytes.length);
    this.bytes = joined;
    const found = [];
    for (let part = this.next(); part; part = this.next()) found.push(part);
    return found;
  }

  next() {
    const ends = headEnd(this.bytes);
    if (ends < 0) {
      if (this.bytes.length > MOST_HEAD) throw new Error("no live view");
      return null;
    }
    const head = new TextDecoder("latin1").decode(this.bytes.subarray(0, ends));
    const length = Number(/^content-length: (\d+)\r?$/im.exec(head)?.[1] ?? NaN);
    if (!(length <= MOST_PART)) throw new Error("no live view");
    const begins = ends + 4;
    if (this.bytes.length < begins + length) return null;
    const bytes = this.bytes.slice(begins, begins + length);
    this.bytes = this.bytes.slice(begins + length);
    return { shows: /^assay-shows: (\w+)/im.exec(head)?.[1] ?? "picture", bytes };
  }
}

// Where "\r\n\r\n" begins, or -1.
function headEnd(bytes) {
  const most = Math.min(bytes.length - 3, MOST_HEAD);
  for (let at = 0; at < most; at += 1) {
    if (bytes[at] === 13 && bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10) return at;
  }
  return -1;
}
