import assert from "node:assert/strict";
import test from "node:test";
import { nextPeak, peaks } from "../../static/js/peaks.js";

const meso = { title: "Meso-4", points: [[0, 0.2, 1], [1, 0.9, 1], [1.1, 0.8, 1], [5, null, null, "no_face"], [6, 0.5, 1], [9, 0.4, 1]] };
const spectrum = { title: "Spectrum", points: [[3, 0.06, null]] };

test("three of each detector at most, apart from each other, in the order of time", () => {
  assert.deepEqual(peaks([meso, spectrum], 10).map(({ seconds, title }) => [seconds, title]),
    [[1, "Meso-4"], [3, "Spectrum"], [6, "Meso-4"], [9, "Meso-4"]]);
});

test("from one to the next, and no further than the last", () => {
  const list = peaks([meso, spectrum], 10);

  assert.equal(nextPeak(list, 0, 1).seconds, 1);
  assert.equal(nextPeak(list, 1.01, 1).seconds, 3);
  assert.equal(nextPeak(list, 3, -1).seconds, 1);
  assert.equal(nextPeak(list, 9, 1), undefined);
});

test("without a score there is nowhere to go", () => {
  assert.deepEqual(peaks([{ title: "Meso-4", points: [[5, null, null, "no_face"]] }], 10), []);
});
