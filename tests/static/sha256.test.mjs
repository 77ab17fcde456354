import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import test from "node:test";
import { Sha256 } from "../../static/js/sha256.js";

const truth = (bytes) => createHash("sha256").update(bytes).digest("hex");

test("it equals SHA-256 at every length around a block", () => {
  for (let length = 0; length < 200; length += 1) {
    const bytes = randomBytes(length);
    assert.equal(new Sha256().update(bytes).hex(), truth(bytes));
  }
});

test("pieces of any size give the digest of the whole", () => {
  const bytes = randomBytes(100_000);
  const hash = new Sha256();
  for (let at = 0, step = 1; at < bytes.length; at += step, step = (step * 7) % 4099) hash.update(bytes.subarray(at, at + step));

  assert.equal(hash.hex(), truth(bytes));
});
