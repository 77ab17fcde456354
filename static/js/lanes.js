// One row per detector, updated in place; a row keeps its height while it fills.
import { Chart } from "./chart.js";
import { durationOf, gapsOf } from "./curve.js";
import { clock, rate, score, took } from "./format.js";
import { say } from "./words.js";

const TABLE_ROWS = 500;
// What judges a file as a whole has no curve over time; its row says so by having none.
// Whose kind of media is not in the file has none either.
// Who tells what happens instead of judging it has lanes of another kind.
const hasCurve = (row, watchers) => row.points.length > 0
  || (row.state !== "abstained" && !watchers.includes(row.name) && (row.unit === "frames" || row.unit === "windows"));
// Who only reports facts has not abstained.
const shownState = (row) => (row.assessment?.reason === "reports_facts" ? "facts" : row.state);
const ICONS = { stopped: "cancelled", emptied: "away", facts: "info" };
const set = (node, text) => node.textContent !== text && (node.textContent = text);

// "150 of 300 frames · 2 faces · 24/s · about 0:12 left"
export function progressText(row) {
  if (row.state === "waiting") return say("row.waiting");
  if (!row.done) return { stopped: say("row.stopped"), running: say("row.starting") }[row.state] ?? "";
  const unit = say(`unit.${row.unit}`);
  const parts = row.total === 1 ? [] : [row.total ? say("row.of", { done: row.done, total: row.total, unit }) : say("row.done", { done: row.done, unit })];
  if (row.faces !== null && row.faces !== undefined) parts.push(row.faces === 1 ? say("row.faces.one") : say("row.faces", { count: row.faces }));
  if (row.state === "stopped") return [...parts, say("row.stopped")].join(" · ");
  if (row.fps) parts.push(say("row.fps", { fps: rate(row.fps) }));
  if (row.state === "running" && row.seconds_left !== null) parts.push(say("row.left", { time: clock(row.seconds_left) }));
  if (row.state === "running" && row.pictures) parts.push(say("row.pictures", row.pictures));
  return parts.join(" · ");
}

export function endingText(row) {
  if (!row.assessment) return row.error ?? "";
  const time = row.seconds === null || row.seconds === undefined || row.seconds < 0.01 ? "" : ` · ${say("row.took", { time: took(row.seconds) })}`;
  if (row.assessment.kind === "verdict") return say("row.score", { score: score(row.assessment.score) }) + time;
  return (row.assessment.detail || say(`reason.${row.assessment.reason}`)) + time;
}

export class Lanes {
  constructor(list, template, { duration, seek, watchers = [] }) {
    Object.assign(this, { list, template, claimed: duration, seek, watchers });
    this.lanes = new Map();
    this.duration = duration || 1;
  }

  // seen: the last moment of media time that something else than a score was told of.
  show(state, seen = 0) {
    const rows = state.order.map((name) => state.detectors[name]);
    this.duration = Math.max(durationOf(this.claimed, rows), seen);
    for (const name of this.lanes.keys()) if (!state.detectors[name]) this.remove(name);
    for (const row of rows) this.update(this.lane(row.name), row);
  }

  point(seconds) {
    for (const lane of this.lanes.values()) lane.chart.point(seconds === null ? null : seconds / this.duration);
  }

  lane(name) {
    if (!this.lanes.has(name)) this.lanes.set(name, this.make(name));
    return this.lanes.get(name);
  }

  make(name) {
    let node = [...this.list.children].find((child) => child.dataset.lane === name);
    if (!node) {
      node = this.template.content.firstElementChild.cloneNode(true);
      node.dataset.lane = name;
      this.list.append(node);
    }
    const part = (selector) => node.querySelector(selector);
    const lane = {
      node, title: part(".lane-title"), state: part(".lane-state-word"), icon: part(".lane-state use"), text: part(".lane-text"),
      ending: part(".lane-ending"), bar: part("progress"), table: part(".lane-table"), shown: 0, points: [],
      chart: new Chart(part(".lane-chart"), (share) => this.seek(share * this.duration)),
    };
    lane.table.addEventListener("toggle", () => this.fillTable(lane));
    return lane;
  }

  remove(name) {
    this.lanes.get(name).node.remove();
    this.lanes.delete(name);
  }

  update(lane, row) {
    lane.node.dataset.state = row.state;
    lane.node.dataset.curve = hasCurve(row, this.watchers) ? "yes" : "no";
    set(lane.title, row.title);
    set(lane.state, say(`detector_state.${shownState(row)}`));
    set(lane.text, progressText(row));
    set(lane.ending, endingText(row));
    this.showIcon(lane, shownState(row));
    this.showBar(lane.bar, row);
    const gaps = gapsOf(row.points).length;
    const scored = row.points.filter((point) => point[1] !== null).length;
    lane.chart.draw(row.points, this.duration, say("row.chart", { detector: row.title, scored, gaps }));
    lane.points = row.points;
    if (lane.table.open) this.fillTable(lane);
  }

  showIcon(lane, state) {
    const address = lane.icon.getAttribute("href").replace(/#.*/, `#${ICONS[state] ?? state}`);
    if (lane.icon.getAttribute("href") !== address) lane.icon.setAttribute("href", address);
  }

  showBar(bar, row) {
    if (row.state === "running" && row.done && !row.total) bar.removeAttribute("value");
    else bar.value = row.state === "finished" || row.state === "abstained" ? 1 : row.total ? Math.min(1, row.done / row.total) : 0;
  }

  fillTable(lane) {
    if (!lane.table.open || lane.shown === lane.points.length) return;
    lane.shown = lane.points.length;
    const body = lane.table.querySelector("tbody");
    const every = Math.ceil(lane.points.length / TABLE_ROWS) || 1;
    body.replaceChildren(...lane.points.filter((_, index) => index % every === 0).map(tableRow));
  }
}

function tableRow([seconds, value, track, reason]) {
  const row = document.createElement("tr");
  const cells = [seconds.toFixed(2), value === null ? say("row.gap") : value.toFixed(3), track === null || track === undefined ? "–" : String(track),
    reason ? say(`reason.${reason}`) : ""];
  for (const text of cells) row.append(Object.assign(document.createElement("td"), { textContent: text }));
  return row;
}
