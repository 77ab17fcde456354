import assert from "node:assert/strict";
import test from "node:test";
import { EMPTY, endedOf, fold } from "../../static/js/run_state.js";

let seq = 0;
const event = (type, data = {}) => ({ seq: (seq += 1), time: "2026-05-03T10:00:00Z", type, data });
const log = (...events) => {
  seq = 0;
  return events.map(([type, data]) => event(type, data));
};
const progressed = (done) => ["run.progressed", { detector: "meso4", done, total: 300, unit: "frames", fps: 24, seconds_left: 12, pts_seconds: done / 25, faces: 2 }];
const whole = () =>
  log(
    ["run.queued", { filename: "clip.mp4", detectors: ["meso4"] }],
    ["run.started", { attempt: 1, detectors: ["meso4", "jpeg"] }],
    ["stage.started", { stage: "initializing" }],
    ["stage.finished", { stage: "initializing", seconds: 0.2 }],
    ["detector.started", { detector: "meso4", title: "Meso-4", unit: "frames" }],
    progressed(150),
    ["score.measured", { detector: "meso4", points: [[0, 0.5, 1, null], [0.2, null, null, "no_face"]] }],
    ["detector.finished", { detector: "meso4", title: "Meso-4", assessment: { kind: "verdict", score: 0.7 }, seconds: 3 }],
    ["detector.failed", { detector: "jpeg", assessment: { kind: "not_assessed", reason: "detector_failed" }, error: "it broke" }],
    ["run.succeeded", { outcome: "some_signs", sentence: "Some signs.", why: "w", limit: "l" }],
  );

test("the state at k and the rest of the log make the whole, for every k", () => {
  const events = whole();
  const end = events.reduce(fold, EMPTY);

  for (let k = 0; k <= events.length; k += 1) {
    const atK = JSON.parse(JSON.stringify(events.slice(0, k).reduce(fold, EMPTY)));
    assert.deepEqual(events.slice(k).reduce(fold, atK), end);
  }
});

test("an event that was seen is passed over", () => {
  const events = whole();
  const end = events.reduce(fold, EMPTY);

  assert.equal(fold(end, events[6]), end);
});

test("rows stand in the order the run named them", () => {
  const { order } = whole().reduce(fold, EMPTY);

  assert.deepEqual(order, ["meso4", "jpeg"]);
});

test("progress never runs backward within an attempt", () => {
  const state = log(["run.started", { attempt: 1, detectors: ["meso4"] }], progressed(150), progressed(140)).reduce(fold, EMPTY);

  assert.equal(state.detectors.meso4.done, 150);
});

test("a retried run begins anew, and says why", () => {
  const state = [...whole(), event("run.retried", { reason: "the worker was lost" })].reduce(fold, EMPTY);

  assert.deepEqual([state.state, state.order, state.outcome, state.retried], ["queued", [], null, "the worker was lost"]);
});

test("whose ending was emptied is neither at work nor stopped", () => {
  const state = log(["run.started", { attempt: 1, detectors: ["anpr"] }], ["run.succeeded", { outcome: "not_assessable" }]).reduce(fold, EMPTY);

  assert.deepEqual([state.state, state.detectors.anpr.state], ["succeeded", "emptied"]);
});

test("what had not ended when the run was cancelled has stopped", () => {
  const state = log(["run.started", { attempt: 1, detectors: ["meso4"] }], progressed(150), ["run.cancelled", { by: "Ana" }]).reduce(fold, EMPTY);

  assert.deepEqual([state.state, state.detectors.meso4.state, state.detectors.meso4.seconds_left], ["cancelled", "stopped", null]);
});

test("abstained and failed detectors have ended too", () => {
  assert.deepEqual(endedOf(whole().reduce(fold, EMPTY)), { done: 2, total: 2 });
});

test("a type nobody here knows only moves the cursor", () => {
  const state = log(["run.started", { attempt: 1, detectors: [] }], ["plate.read", { plate: "AB12" }]).reduce(fold, EMPTY);

  assert.deepEqual([state.seq, state.state], [2, "running"]);
});
