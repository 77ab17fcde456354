import assert from "node:assert/strict";
import test from "node:test";
import { empty, ended, gone, idle, jobEntry, listed, progressed, reported, share, unlisted } from "../../static/js/panel_state.js";

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

const job = (status = "processing", progress = 0.25) =>
  jobEntry({ id: "uuid", job_id: "a/b", topic: "t", status, progress, message: "Encoding." });

test("an external job has an entry of its own, in its place among the runs", () => {
  const state = listed(listed(empty(), [run("a")]), [run("a"), job(), run("b")]);

  assert.deepEqual(state.order, ["a", "t", "b"]);
  assert.deepEqual([state.entries.t.href, state.entries.t.filename, share(state.entries.t)], ["/jobs/uuid/", "a/b", 0.25]);
});

test("a report moves the entry of its job, and a stalled one says so until the next", () => {
  const say = (state, done, stalled = false) => reported(state, { topic: "t", done, total: 100, message: `at ${done}`, stalled });
  const moved = say(listed(empty(), [job("queued", 0)]), 50);
  const stalled = say(moved, 50, true);

  assert.deepEqual([moved, stalled, say(stalled, 60)].map(({ entries: { t } }) => [t.state, share(t), t.message]), [
    ["running", 0.5, "at 50"],
    ["stalled", 0.5, "at 50"],
    ["running", 0.6, "at 60"],
  ]);
});

test("numbers that are none leave a job where it is", () => {
  const state = reported(listed(empty(), [job()]), { topic: "t", done: "x", total: 100, message: "", stalled: false });

  assert.equal(share(state.entries.t), 0.25);
});

test("a job that has ended goes like a run", () => {
  const open = listed(empty(), [job()]);

  assert.deepEqual(ended(listed(open, [job("completed", 1)])), ["t"]);
  assert.deepEqual(unlisted(open, []), ["t"]);
});

test("a job that waits or has stalled is idle, one that works and any run is not", () => {
  const job = (status) => jobEntry({ id: status, job_id: status, topic: status, status, progress: 0, message: "" });
  const { entries } = listed(empty(), [run("r", "queued"), job("queued"), job("stalled"), job("processing")]);

  assert.deepEqual(Object.values(entries).filter(idle).map((entry) => entry.job), ["queued", "stalled"]);
});
