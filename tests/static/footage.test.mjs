import assert from "node:assert/strict";
import test from "node:test";
import { boxesAt, boxesOfPicture } from "../../static/js/footage/boxes_at.js";
import { lanesOf, lastSeen, motionOf, nearestTold, stacked, stops } from "../../static/js/footage/findings.js";
import { EMPTY, fold } from "../../static/js/run_state.js";

const log = (...events) => events.map(([type, data], at) => ({ seq: at + 1, time: "2026-05-03T10:00:00Z", type, data })).reduce(fold, EMPTY);
const track = (action, name, at, more = {}) => [`track.${action}`, { detector: "tracking", track: name, class: "car", pts_seconds: at, box: [at / 10, 0.2, at / 10 + 0.1, 0.4], ...more }];
const lane = (state, key, until = 10) => lanesOf(state, ["tracking"], { until }).find((one) => one.key === key);

test("lanes stay in the order in which classes came, motion first and plates last", () => {
  const state = log(track("entered", 1, 1), track("entered", 2, 2, { class: "person" }), track("entered", 3, 3));

  assert.deepEqual(lanesOf(state, [], { until: 10 }).map((one) => one.key), ["motion", "class car", "class person", "plates"]);
});

test("beyond a dozen classes the last lane is of all others, with what was merged of them", () => {
  const state = log(...Array.from({ length: 20 }, (_, at) => track("entered", at, at, { class: `class ${at}` })));
  const lanes = lanesOf(state, [], { until: 30 });

  assert.equal(lanes.length, 14);
  assert.equal(lanes.at(-2).key, "others");
  assert.equal(lanes.flatMap((one) => one.findings).length, 20);
});

test("a track that has not left goes on as far as was looked, and no further", () => {
  const state = log(["run.progressed", { detector: "tracking", done: 9, unit: "frames", pts_seconds: 6 }], track("entered", 1, 1));

  assert.equal(lane(state, "class car").findings[0].until, 6);
  assert.deepEqual(lane(state, "motion").gaps, [[6, 10]]);
});

test("a file that was looked at to its end has no gap, and cameras tell theirs", () => {
  const ended = ["detector.abstained", { detector: "tracking", assessment: { kind: "not_assessed", reason: "reports_facts" } }];

  assert.deepEqual(lane(log(ended, ["camera.gap", { from_seconds: 2, to_seconds: 3 }]), "motion").gaps, [[2, 3]]);
});

test("bars that overlap stand in rows of their own", () => {
  const state = log(track("entered", 1, 0), track("left", 1, 4), track("entered", 2, 2), track("left", 2, 6), track("entered", 3, 5), track("left", 3, 8));
  const { rows, count } = stacked(lane(state, "class car").findings);

  assert.deepEqual([rows.map((one) => one.row), count], [[0, 1, 0], 2]);
});

test("motion that two tell of at once is counted once", () => {
  const spell = (detector, from, to) => [["motion.started", { detector, pts_seconds: from }], ["motion.ended", { detector, pts_seconds: to, duration_seconds: to - from }]];
  const { seconds, count } = motionOf(lane(log(...spell("a", 1, 4), ...spell("b", 3, 5)), "motion"));

  assert.deepEqual([seconds, count], [4, 2]);
});

test("one can go from finding to finding in the order of time; a plate without a time is passed over", () => {
  const state = log(["plate.read", { plate: "LATE", pts_seconds: 5 }], ["plate.read", { plate: "NEVER" }], track("entered", 1, 1));

  assert.deepEqual(stops(lanesOf(state, [], { until: 10 })).map((one) => one.seconds), [1, 5]);
  assert.equal(lastSeen(state.footage), 5);
});

test("a press goes to the nearest frame a track was told for", () => {
  const [finding] = lane(log(track("entered", 1, 1), track("updated", 1, 2), track("left", 1, 4)), "class car").findings;

  assert.equal(nearestTold(finding, 2.9), 2);
});

test("a box between two told ones lies between them, if they are near enough in time", () => {
  const { footage } = log(track("entered", 1, 1), track("updated", 1, 2), track("updated", 1, 4));

  assert.deepEqual(boxesAt(footage, 2, 0.01).map((one) => [one.told, one.box[0]]), [[true, 0.2]]);
  assert.deepEqual(boxesAt(footage, 1.5, 0.01).map((one) => [one.told, one.box[0].toFixed(3)]), [[false, "0.150"]]);
  assert.deepEqual(boxesAt(footage, 3, 0.01), []);
  assert.deepEqual(boxesAt(footage, 0.5, 0.01), []);
  assert.deepEqual(boxesAt(footage, 4.5, 0.01), []);
});

test("a picture shows everything that was told of it", () => {
  const { footage } = log(track("entered", 1, 0), ["plate.read", { plate: "AB12", box: [0, 0, 1, 1], pts_seconds: 0 }]);

  assert.deepEqual(boxesOfPicture(footage).map((one) => one.kind), ["track", "plate"]);
});
