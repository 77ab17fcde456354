import assert from "node:assert/strict";
import test from "node:test";
import { chainWords } from "../../static/js/trail.js";

const found = (more) => ({ ok: true, head: 9, checked: 9, emptied: 0, broken: null, reason: "", ...more });

test("a chain that holds is complete only when nothing more will be written", () => {
  assert.deepEqual(chainWords(found(), true), ["chain.complete", { count: 9 }]);
  assert.deepEqual(chainWords(found(), false), ["chain.so_far", { count: 9 }]);
});

test("emptied lines are said, and a broken line is named with its reason", () => {
  assert.deepEqual(chainWords(found({ emptied: 2 }), true), ["chain.emptied", { count: 9, emptied: 2 }]);
  assert.deepEqual(chainWords(found({ ok: false, broken: 4, reason: "The line is missing." }), true),
    ["chain.broken", { line: 4, head: 9, reason: "The line is missing." }]);
});
