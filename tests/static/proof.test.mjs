import assert from "node:assert/strict";
import test from "node:test";
import { proofWords, Received } from "../../static/js/proof.js";

const hash = (seq) => (seq ? `h${seq}` : "0".repeat(64));
const event = (seq, prev = hash(seq - 1)) => ({ seq, prev, hash: hash(seq) });
const ending = event(6);

function received(after, ...seqs) {
  const got = new Received(after);
  for (const seq of seqs) got.take(event(seq));
  return got;
}

test("every line, each linked to the one before, is complete", () => {
  assert.deepEqual(proofWords(received(0, 1, 2, 3), received(3, 4, 5, 6), ending), ["proof.complete", { seq: 6, hash: "h6" }]);
  assert.deepEqual(proofWords(received(0), received(0, 1, 2, 3, 4, 5, 6), ending)[0], "proof.complete");
});

test("a line that comes twice is counted once", () => {
  assert.equal(proofWords(received(0, 1, 2, 2, 1, 3), received(3, 4, 4, 5, 6), ending)[0], "proof.complete");
});

test("lines that never came are counted and said, in either part", () => {
  const missing = ["proof.missing", { count: 5, seq: 6, missing: 1 }];
  assert.deepEqual(proofWords(received(0, 1, 2, 3), received(3, 4, 6), ending), missing);
  assert.deepEqual(proofWords(received(0, 1, 2), received(3, 4, 5, 6), ending), missing);
});

test("lines that were left out on purpose are named as such", () => {
  const since = received(3, 4);
  since.skip(4, 5);
  since.take(event(6));
  assert.deepEqual(proofWords(received(0, 1, 2, 3), since, ending), ["proof.thinned", { count: 5, seq: 6, thinned: 1, hash: "h6" }]);
});

test("a page with emptied lines is taken in order", () => {
  const earlier = new Received();
  earlier.takePage({ events: [event(1), event(4)], thinned: [{ first: 2, last: 3 }] });
  assert.deepEqual([earlier.last, earlier.count, earlier.thinned], [4, 2, 2]);
});

test("a line that does not follow on the one before is named", () => {
  const since = received(3, 4);
  since.take(event(5, "another"));
  since.take(event(6));
  assert.deepEqual(proofWords(received(0, 1, 2, 3), since, ending), ["proof.broken", { line: 5 }]);
});

test("the two parts must join", () => {
  const since = new Received(3);
  for (const one of [event(4, "another"), event(5), event(6)]) since.take(one);
  assert.deepEqual(proofWords(received(0, 1, 2, 3), since, ending), ["proof.broken", { line: 4 }]);
});

test("lines that are named before the ones in front of them came are counted once those have", () => {
  const since = new Received(0);
  since.take(event(1));
  since.skip(3, 5);
  since.take(event(2));
  since.take(event(6));
  assert.equal(proofWords(new Received(), since, ending)[0], "proof.thinned");
  assert.deepEqual([since.count, since.thinned], [3, 3]);
});
