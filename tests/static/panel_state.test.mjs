import assert from "node:assert/strict";
import test from "node:test";
import { empty, ended, gone, listed, progressed, share, unlisted } from "../../static/js/panel_state.js";

const run = (id, state = "running") => ({ id, media: `media of ${id}`, filename: `${id}.mp4`, state, attempt: 1 });

test("only what is under way has an entry, and entries keep their place", () => {
  const state = listed(listed(empty(), [run("a")]), [run("c", "queued"), run("a"), run("b", "succeeded")]);

  assert.deepEqual(state.order, ["a", "c"]);
});

test("a run that is on no list any more has ended, and stays until it is taken away", () => {
  const state = listed(listed(empty(), [run("a")]), []);

  assert.deepEqual(ended(state), ["a"]);
  assert.deepEqual(gone(state, "a"), empty());
});

test("a run that no list names is to be asked for, one that has ended is not", () => {
  const before = listed(listed(empty(), [run("a"), run("b"), run("c")]), [run("a"), run("b")]);

  assert.deepEqual(unlisted(before, [run("a")]), ["b"]);
});

test("progress changes the entry of that run in its place", () => {
  const before = listed(empty(), [run("a"), run("b")]);
  const state = [["meso4", 50], ["meso4", 40], ["jpeg", 100]].reduce(
    (so, [model, done]) => progressed(so, { run: "b", model, done, total: 100, message: "" }),
    before,
  );

  assert.equal(share(state.entries.b), 0.75);
  assert.equal(share(state.entries.a), null);
});

test("another attempt begins at nothing", () => {
  const before = progressed(listed(empty(), [run("a")]), { run: "a", model: "meso4", done: 9, total: 10, message: "" });
  const state = listed(before, [{ ...run("a"), attempt: 2 }]);

  assert.equal(share(state.entries.a), null);
});
