// Hashes a file beside the page. In: the file. Out: {done} now and then, at last {sha256}, or {failed}.
import { Sha256 } from "./sha256.js";

const PIECE_BYTES = 4 * 2 ** 20;

onmessage = async ({ data: file }) => {
  const hash = new Sha256();
  try {
    for (let at = 0; at < file.size; at += PIECE_BYTES) {
      hash.update(new Uint8Array(await file.slice(at, at + PIECE_BYTES).arrayBuffer()));
      postMessage({ done: Math.min(1, (at + PIECE_BYTES) / file.size) });
    }
    postMessage({ sha256: hash.hex() });
  } catch (error) {
    postMessage({ failed: error.message });
  }
};
