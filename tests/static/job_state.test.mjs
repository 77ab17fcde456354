import assert from "node:assert/strict";
import test from "node:test";
import { fold, isOpen, percentOf } from "../../static/js/job_state.js";

const EMPTY = { seq: 0, state: "queued", stage: "queued", progress: 0, message: "", time: null };
const event = (seq, type, data = {}, message = "") => ({ seq, type, data, message, time: `2026-05-03T10:00:0${seq}Z` });
const log = () => [
  event(1, "job.reported", { stage: "queued", progress: 0 }, "Waiting."),
  event(2, "job.reported", { stage: "encoding", progress: 0.5 }, "Encoding."),
  event(3, "job.stalled", { stage: "encoding", progress: 0.5 }, "Stalled."),
  event(4, "job.reported", { stage: "queued", progress: 0.6 }, ""),
  event(5, "job.failed", { stage: "error", progress: 0.6, error: "disk full" }, "Error: disk full"),
];

test("every line changes the state, and none counts twice", () => {
  const states = log().map((_, end) => log().slice(0, end + 1).reduce(fold, EMPTY));

  assert.deepEqual(states.map((state) => state.state), ["queued", "processing", "stalled", "processing", "failed"]);
  assert.deepEqual(states.map(isOpen), [true, true, true, true, false]);
  assert.deepEqual([...log(), ...log()].reduce(fold, EMPTY), states.at(-1));
});

test("a job that stalled, and failed for it, was last heard of before", () => {
  const silent = [...log().slice(0, 3), event(4, "job.failed", { stage: "stalled", progress: 0.5 }, "Error: No report.")];

  assert.deepEqual([3, 4].map((end) => silent.slice(0, end).reduce(fold, EMPTY).time), Array(2).fill("2026-05-03T10:00:02Z"));
});

test("a report without a message says its stage", () => {
  assert.equal(log().slice(0, 4).reduce(fold, EMPTY).message, "queued");
});

test("the state at k and the rest of the log make the whole, for every k", () => {
  const end = log().reduce(fold, EMPTY);

  for (let k = 0; k <= 5; k += 1) assert.deepEqual(log().slice(k).reduce(fold, log().slice(0, k).reduce(fold, EMPTY)), end);
});

test("percent is 100 only when it is all", () => {
  assert.deepEqual([0, 0.29, 0.999, 1].map(percentOf), [0, 29, 99, 100]);
});
