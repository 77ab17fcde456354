import assert from "node:assert/strict";
import test from "node:test";
import * as edit from "../../static/js/cameras/zones/outlines.js";

const SETTINGS = {
  zones: [{ name: "Yard", polygon: [[0, 0], [1, 0], [1, 1]] }],
  lines: [{ name: "Gate", start: [0.5, 0], end: [0.5, 1] }],
  masks: [{ name: "Road", polygon: [[0, 0], [0.5, 0], [0.5, 0.5], [0, 0.5]] }],
};

test("what is read from the settings is written back as it was", () => {
  assert.deepEqual(edit.settingsOf(edit.outlinesOf(SETTINGS)), SETTINGS);
});

test("a new outline takes the first name that is free for its kind", () => {
  const named = (number) => `Zone ${number}`;
  const two = edit.added(edit.added([], "zones", named), "zones", named);

  assert.deepEqual(two.map((one) => one.name), ["Zone 1", "Zone 2"]);
  assert.equal(edit.added([two[1]], "zones", named).at(-1).name, "Zone 1");
});

test("a point stays within the frame, at four digits", () => {
  const [line] = edit.outlinesOf({ zones: [], masks: [], lines: SETTINGS.lines });

  assert.deepEqual(edit.movedBy(line.points, 1, 0.123456, 0.5), [[0.5, 0], [0.6235, 1]]);
  assert.deepEqual(edit.movedTo(line.points, 0, [-1, Number.NaN]), [[0, 0], [0.5, 1]]);
});

test("a new point goes into the edge it is nearest to", () => {
  const square = SETTINGS.masks[0].polygon;

  assert.equal(edit.nearestEdge(square, [0.25, 0.02]), 0);
  assert.equal(edit.nearestEdge(square, [0.01, 0.25]), 3);
  assert.deepEqual(edit.halved(square, 3).at(-1), [0, 0.25]);
});

test("an area keeps three points, a line has two", () => {
  const [yard, gate, road] = edit.outlinesOf(SETTINGS);

  assert.deepEqual([yard, gate, road].map(edit.canShrink), [false, false, true]);
  assert.deepEqual([yard, gate, road].map(edit.canGrow), [true, false, true]);
});

test("an error of the server finds its outline", () => {
  const outlines = edit.outlinesOf(SETTINGS);

  assert.equal(edit.placeOf(outlines, "settings.masks.0.polygon"), 2);
  assert.equal(edit.placeOf(outlines, "settings.lines.0"), 1);
  assert.equal(edit.placeOf(outlines, "settings.zones.7"), -1);
  assert.equal(edit.placeOf(outlines, "settings.confidence"), -1);
});
