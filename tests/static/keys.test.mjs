import assert from "node:assert/strict";
import test from "node:test";
import { actionOf } from "../../static/js/keys.js";

const pressed = (key, more = {}) => ({ key, ...more });
const nowhere = () => false;
const inside = (place) => (selector) => selector.split(", ").includes(place);

test("every key of the help means something", () => {
  const meant = ["?", " ", "ArrowLeft", "ArrowRight", "[", "]", "c"].map((key) => actionOf(pressed(key), nowhere));

  assert.deepEqual(meant, ["help", "play", "frame-back", "frame-on", "peak-back", "peak-on", "cancel"]);
  assert.equal(actionOf(pressed("ArrowRight", { shiftKey: true }), nowhere), "second-on");
  assert.equal(actionOf(pressed("x"), nowhere), null);
});

test("who types in a field is left alone", () => {
  for (const key of ["?", " ", "ArrowLeft", "[", "c"]) {
    assert.equal(actionOf(pressed(key), inside("input")), null);
    assert.equal(actionOf(pressed(key, { isComposing: true }), nowhere), null);
  }
});

test("buttons keep Space, scrolled tables keep Space and arrows", () => {
  assert.equal(actionOf(pressed(" "), inside("button")), null);
  assert.equal(actionOf(pressed(" "), inside(".scroll")), null);
  assert.equal(actionOf(pressed("ArrowLeft"), inside(".scroll")), null);
  assert.equal(actionOf(pressed("]"), inside("button")), "peak-on");
});

test("the browser's own chords stay its own, but brackets may need AltGr", () => {
  assert.equal(actionOf(pressed("c", { ctrlKey: true }), nowhere), null);
  assert.equal(actionOf(pressed("ArrowLeft", { altKey: true }), nowhere), null);
  const right = { ctrlKey: true, altKey: true, getModifierState: (name) => name === "AltGraph" };
  assert.equal(actionOf(pressed("[", right), nowhere), "peak-back");
});
