// The editor of zones, lines and masks: one list of outlines, shown on the picture and as tables, saved through REST.
import { patch, toSignIn } from "../../api.js";
import { tag } from "../../svg.js";
import { announce, say } from "../../words.js";
import * as edit from "./outlines.js";
import { Points } from "./points.js";
import { Stage } from "./stage.js";

const WORD = { zones: "zones.zone", lines: "zones.line", masks: "zones.mask" };
const $ = (id) => document.getElementById(id);
const given = JSON.parse($("zones-data").textContent);
const address = `/api/v1/cameras/${given.id}/`;

let outlines = edit.outlinesOf(given);
let chosen = outlines.length ? 0 : null;
let point = chosen === null ? null : 0;
let saved = JSON.stringify(edit.settingsOf(outlines));
let refused = new Map();

const current = () => (chosen === null ? null : outlines[chosen]);
const isDirty = () => JSON.stringify(edit.settingsOf(outlines)) !== saved;

const stage = new Stage($("stage"), $("drawing"), {
  choose: (outline, nth) => choose(outline, nth),
  move: (place) => setPoints(edit.movedTo(current().points, point, place)),
  add: (place) => addAt(place),
  nudge: (dx, dy) => current() && point !== null && (setPoints(edit.movedBy(current().points, point, dx, dy)), tellPoint()),
  step: (by) => current() && (choose(chosen, (point + by + current().points.length) % current().points.length), tellPoint()),
  grow: () => grow(),
  shrink: () => current() && drop(point),
});
const table = new Points($("points-body"), {
  point: (nth) => nth !== point && choose(chosen, nth),
  place: (nth, axis, value) => Number.isFinite(value) && setPoints(edit.movedTo(current().points, nth, current().points[nth].map((old, at) => (at === axis ? value : old)))),
  drop: (nth) => drop(nth),
});

function choose(outline, nth = 0) {
  [chosen, point] = [outline, nth];
  draw();
}

function setPoints(points) {
  outlines = edit.changed(outlines, chosen, { points });
  draw();
}

function addAt(place) {
  if (!edit.canGrow(current())) {
    // of a line the nearer end comes
    const far = current().points.map(([x, y]) => Math.hypot(x - place[0], y - place[1]));
    point = far.indexOf(Math.min(...far));
    setPoints(edit.movedTo(current().points, point, place));
    return;
  }
  point = edit.nearestEdge(current().points, place) + 1;
  setPoints(edit.inserted(current().points, point, place));
}

function grow() {
  if (!current() || !edit.canGrow(current())) return;
  const points = edit.halved(current().points, point ?? 0);
  point = (point ?? 0) + 1;
  setPoints(points);
  tellPoint();
}

function drop(nth) {
  if (!edit.canShrink(current())) {
    announce(say("zones.least"));
    return;
  }
  point = Math.min(nth, current().points.length - 2);
  setPoints(edit.shortened(current().points, nth));
}

function tellPoint() {
  const [x, y] = current().points[point];
  announce(say("zones.chosen", { number: point + 1, name: current().name, x, y }));
}

function add(kind) {
  if (edit.isFull(outlines, kind)) {
    says(say("zones.most"));
    return;
  }
  outlines = edit.added(outlines, kind, (number) => say("zones.named", { kind: say(WORD[kind]), number }));
  choose(outlines.length - 1);
  $("outline-name").focus();
  $("outline-name").select();
}

function remove() {
  outlines = edit.without(outlines, chosen);
  choose(outlines.length ? Math.min(chosen, outlines.length - 1) : null);
  (outlines.length ? $("outline-list").querySelector('[aria-pressed="true"]') : $("add-zones")).focus();
}

function draw() {
  stage.show(outlines, chosen, point);
  drawList();
  const outline = current();
  $("outline").hidden = outline === null;
  if (outline) {
    $("outline-title").textContent = say("zones.of", { kind: say(WORD[outline.kind]), name: outline.name, count: outline.points.length });
    if ($("outline-name").value !== outline.name) $("outline-name").value = outline.name;
    $("outline-turn").hidden = outline.kind !== "lines";
    $("outline-grow").hidden = !edit.canGrow(outline);
    table.show(outline, point);
    const said = refused.get(chosen) ?? [];
    $("outline-refused").replaceChildren(...said.map((text) => tag("li", {}, text)));
    $("outline-refused").hidden = !said.length;
  }
  if (isDirty()) says(say("zones.unsaved"));
}

function drawList() {
  const rows = [...$("outline-list").children];
  while (rows.length > outlines.length) rows.pop().remove();
  while (rows.length < outlines.length) rows.push($("outline-list").appendChild(listed(rows.length)));
  outlines.forEach(({ kind, name }, at) => {
    const [button] = rows[at].children;
    const text = `${say(WORD[kind])}: ${name}${refused.has(at) ? " ⚠" : ""}`;
    if (button.textContent !== text) button.textContent = text;
    button.setAttribute("aria-pressed", String(at === chosen));
  });
}

function listed(at) {
  const row = tag("li");
  const button = tag("button", { type: "button", class: "outline-row break" });
  button.addEventListener("click", () => choose(at));
  row.append(button);
  return row;
}

function says(text, isAlert = false) {
  if ($("zones-state").textContent !== text) $("zones-state").textContent = text;
  $("zones-note").classList.toggle("alert", isAlert);
  $("zones-note").hidden = false;
}

async function save() {
  const settings = edit.settingsOf(outlines);
  says(say("zones.saving"));
  $("save").disabled = true;
  try {
    await patch(address, { settings });
    saved = JSON.stringify(settings);
    refused = new Map();
    draw();
    if (!isDirty()) says(say("zones.saved"));
  } catch (error) {
    if (error.status === 401) toSignIn();
    refuse(error);
  } finally {
    $("save").disabled = false;
  }
}

function refuse(error) {
  refused = new Map();
  for (const { field, detail } of error.errors ?? []) {
    const at = edit.placeOf(outlines, field);
    if (at >= 0) refused.set(at, [...(refused.get(at) ?? []), detail]);
  }
  const [first] = refused.keys();
  if (first !== undefined) choose(first);
  else draw();
  says(say("zones.refused", { reason: error.message }), true);
}

function still() {
  $("still").src = `${address}still/?boxes=false`;
}

$("still").addEventListener("load", () => {
  const { naturalWidth, naturalHeight } = $("still");
  $("still").hidden = false;
  $("still-note").hidden = true;
  $("stage").style.aspectRatio = `${naturalWidth} / ${naturalHeight}`;
});
$("still").addEventListener("error", () => {
  $("still").hidden = true;
  $("still-note").hidden = false;
  $("still-note").textContent = say("zones.no_still");
});
$("still-again").addEventListener("click", () => { $("still").removeAttribute("src"); still(); });
for (const kind of edit.KINDS) $(`add-${kind}`).addEventListener("click", () => add(kind));
$("outline-name").addEventListener("input", ({ target }) => {
  outlines = edit.changed(outlines, chosen, { name: target.value });
  draw();
});
$("outline-turn").addEventListener("click", () => setPoints([...current().points].reverse()));
$("outline-grow").addEventListener("click", grow);
$("outline-delete").addEventListener("click", remove);
$("save").addEventListener("click", save);
addEventListener("beforeunload", (event) => isDirty() && event.preventDefault());
still();
draw();
