import assert from "node:assert/strict";
import test from "node:test";
import { painted } from "../../static/js/evidence/overlay.js";
import { fitted, moment, nearest, outlines, plain, rangeOf, runs, scoreOf, short, ticks } from "../../static/js/evidence/scales.js";
import { placed } from "../../static/js/evidence/spectrogram.js";
import { told } from "../../static/js/evidence/strip.js";

test("an axis has round numbers, within its ends", () => {
  assert.deepEqual(ticks(0, 1, 4), [0, 0.5, 1]);
  assert.deepEqual(ticks(0, 8000, 5), [0, 2000, 4000, 6000, 8000]);
  assert.deepEqual(ticks(-7.1, -2.9, 4), [-6, -4]);
  assert.deepEqual(ticks(3, 3), [3]);
});

test("a tick is as long as its neighbours demand", () => {
  assert.deepEqual([short(0.5, 0.5), short(2000, 2000), short(-0.0001, 1), short(null, 1)], ["0.5", "2000", "0", "–"]);
});

test("a value has three digits that mean something", () => {
  assert.deepEqual([plain(0.012345), plain(12345), plain(0), plain(null)], ["0.0123", "12300", "0", "–"]);
});

test("a time is told to the millisecond, after hours too", () => {
  assert.deepEqual([moment(14399.123457), moment(0.04), moment(2)], ["14399.123", "0.04", "2"]);
});

test("a value that is none breaks the line, and is no zero", () => {
  assert.deepEqual(runs([0, 1, 2, 3], [0.1, null, 0.3, 0.4]), [[[0, 0.1]], [[2, 0.3], [3, 0.4]]]);
  assert.deepEqual(runs([0], [null]), []);
});

test("a reference has its own ends at each of two places that lie at one value of the axis", () => {
  const band = { low: [0, 0.2, null, null], high: [1, 0.8, 0.9, null] };

  assert.deepEqual(outlines([5, 5, 6, 7], band, -1), [[[5, 1], [5, 0.8], [6, 0.9], [6, -1], [5, 0.2], [5, 0]]]);
});

test("the axis holds the curves and the reference, and keeps a scale that was given", () => {
  const panel = { curves: [{ values: [1, null, 3] }], band: { low: [null], high: [5] } };

  const [low, high] = rangeOf(panel);

  assert.ok(low < 1 && high > 5);
  assert.deepEqual(rangeOf({ ...panel, scale: [0, 1] }), [0, 1]);
  assert.deepEqual(rangeOf({ curves: [{ values: [null] }], band: null }), [0, 1]);
});

test("what lies nearest is found in any list", () => {
  assert.deepEqual([nearest([0, 1, 4], 2.4), nearest([0, 1, 4], 2.6), nearest([0, 1, 4], -9), nearest([5], 1)], [1, 2, 0, 0]);
});

test("a crop has the score of its own face at its own time, and none where there is none", () => {
  const points = [[0, 0.2, 1, null], [0, 0.9, 2, null], [1, null, 1, "no_face"], [3, 0.4, 1, null]];

  assert.deepEqual([scoreOf(points, 1, 0), scoreOf(points, 2, 0.1), scoreOf(points, 1, 1.5), scoreOf([], 1, 0)], [0.2, 0.9, null, null]);
});

test("a wide picture in a high box leaves bars above and below, and is covered without them", () => {
  assert.deepEqual(fitted({ width: 200, height: 300 }, 400, 200), { left: 0, top: 100, width: 200, height: 100 });
  assert.deepEqual(fitted({ width: 200, height: 300 }, 0, 0), { left: 0, top: 0, width: 200, height: 300 });
});

test("the highest cell is covered fully, the lowest not at all, and one that was not measured is marked", () => {
  const bytes = painted({ rows: [[0, 2], [1, null]], low: 0, high: 2 });

  assert.deepEqual([bytes[3], bytes[7], bytes[11], bytes[15]], [0, 255, 128, 0]);
  assert.equal(painted({ rows: [[0, null]], low: 0, high: 0 })[7], 110);
});

test("a marked stretch lies where its seconds are in the picture, and never beside the plane", () => {
  const data = { begins_seconds: 2, ends_seconds: 6, plane: [0.1, 0, 0.9, 1] };

  const near = (found, expected) => found.forEach((value, at) => assert.ok(Math.abs(value - expected[at]) < 1e-9, `${found}`));
  near(placed(data, { begins: 3, ends: 4 }), [0.3, 0.2]);
  near(placed(data, { begins: 0, ends: 9 }), [0.1, 0.8]);
});

test("gaps stand between the crops they lie between, those next to each other as one", () => {
  const track = {
    faces: [{ pts_seconds: 0 }, { pts_seconds: 5 }],
    gaps: [{ begins: 1, ends: 2 }, { begins: 3, ends: 4.5 }, { begins: 6, ends: 7 }],
  };

  assert.deepEqual(told(track).map((part) => part.seconds ?? "crop"), ["crop", 2.5, "crop", 1]);
});
