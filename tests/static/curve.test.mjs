import assert from "node:assert/strict";
import test from "node:test";
import { curve, durationOf, gapsOf } from "../../static/js/curve.js";

const near = (actual, expected) => actual.flat(3).forEach((value, at) => assert.ok(Math.abs(value - expected.flat(3)[at]) < 1e-9, `${actual}`));

test("a stretch without a score is a gap, and the line breaks there", () => {
  const points = [[0, 0.1, 1], [1, 0.2, 1], [2, null, null, "no_face"], [3, null, null, "no_face"], [4, null, null, "no_face"], [5, 0.3, 1]];
  const { lines, gaps } = curve(points, 10);

  near(gaps, [[0.2, 0.5]]);
  near(lines[0].runs, [[[0, 0.1], [0.1, 0.2]], [[0.5, 0.3]]]);
});

test("each face has a line of its own, in the order of the tracks", () => {
  const points = [[0, 0.9, 2], [0, 0.1, 1], [1, 0.9, 2], [1, 0.1, 1]];

  assert.deepEqual(curve(points, 2).lines.map(({ track }) => track), [1, 2]);
});

test("a moment scored for one face is no gap, although another face was refused there", () => {
  assert.deepEqual(gapsOf([[0, 0.5, 1], [1, 0.5, 1], [1, null, null, "face_too_small"]]), []);
});

test("a file that claims to be shorter than it is does not squeeze its curve out of the chart", () => {
  assert.equal(durationOf(2, [{ pts_seconds: 5, points: [[6, 0.5]] }]), 6);
});

test("no points make no lines and no gaps", () => {
  assert.deepEqual(curve([], 1), { lines: [], gaps: [] });
});
