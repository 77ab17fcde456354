// Which detectors are asked: a preset ticks boxes, and what is ticked by hand is an own choice, or the preset it equals.
import { say } from "./words.js";

const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const boxes = (within) => all("input[data-detector]", within);
const presets = () => all('input[name="preset"][data-ticks]');
const own = document.querySelector("[data-own] input");

// Detectors that are off cannot be ticked: a preset may name them all the same, so that they are told as missing.
function ticksOf(preset) {
  const wanted = new Set(preset.dataset.ticks.split(","));
  return boxes().filter((box) => !box.disabled && wanted.has(box.value));
}

function tick(preset) {
  const wanted = new Set(ticksOf(preset));
  for (const box of boxes()) box.checked = wanted.has(box);
}

function ticked(within) {
  return boxes(within).filter((box) => box.checked);
}

function equals(preset) {
  const wanted = ticksOf(preset);
  return wanted.length === ticked().length && wanted.every((box) => box.checked);
}

// In one order, so that an upload that goes on is known to have been begun with the same choice.
function keepOwn() {
  own.value = ticked().map((box) => box.value).sort().join(",");
}

function choosePreset() {
  keepOwn();
  (presets().find(equals) ?? own).checked = true;
}

function count() {
  for (const shown of all("#choose-detectors [data-count]")) {
    const within = shown.closest("fieldset, details");
    shown.textContent = say("drop.chosen", { chosen: ticked(within).length, known: boxes(within).length });
  }
}

function changed({ target }) {
  if (target.matches("input[data-detector]")) choosePreset();
  else if (target === own) {
    keepOwn();
    document.getElementById("choose-detectors").open = true;
  } else if (target.matches('input[name="preset"]')) tick(target);
  else return;
  count();
}

if (own) {
  own.closest("[data-own]").hidden = false;
  document.addEventListener("change", changed);
}
