// One lane of what was seen: bars, marks and plates over media time, a sentence, and the same as a table.
import { element } from "../svg.js";
import { say } from "../words.js";
import { nearestTold, stacked } from "./findings.js";
import { SeenTable } from "./table.js";
import { described, laneSaid, laneTitle } from "./telling.js";

const NEAR_PX = 8;
const EDGE = 3;
const BAR_PX = 16;
const LETTER_PX = 7;
const TO = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };
const set = (node, text) => node.textContent !== text && (node.textContent = text);

// `open(finding, seconds)` takes the player to a frame of a finding, `seek(seconds)` anywhere; `read(text)` says what is
// pointed at. What media time the lane spans comes with every update: {from, to}.
export class SeenLane {
  constructor(node, { open, seek, read, more }) {
    Object.assign(this, { node, open, seek, read, findings: [], drawn: "", at: -1 });
    const part = (selector) => node.querySelector(selector);
    this.title = part(".lane-title");
    this.text = part(".lane-text");
    this.plot = part(".plot");
    this.svg = element("svg", { "aria-hidden": "true" }, this.plot);
    this.table = new SeenTable(part(".lane-table"), { open: (finding) => this.go(finding, finding.at), more });
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(this.plot);
    this.listen();
  }

  update(lane, range, live) {
    Object.assign(this, { lane, range, live, findings: lane.findings.filter((one) => one.at !== null) });
    set(this.title, laneTitle(lane));
    const said = laneSaid(lane, live);
    set(this.text, said);
    this.name(said);
    this.table.update(lane, live);
    this.draw();
  }

  remove() {
    this.watch.disconnect();
    this.node.remove();
  }

  name(said) {
    const { plot, findings } = this;
    plot.setAttribute("aria-label", say("footage.chart", { lane: laneTitle(this.lane), said }));
    plot.setAttribute("aria-valuemin", "0");
    plot.setAttribute("aria-valuemax", String(Math.max(0, findings.length - 1)));
    plot.setAttribute("aria-valuenow", String(Math.max(0, this.at)));
    plot.setAttribute("aria-valuetext", findings.length ? described(findings[Math.max(0, this.at)], this.live) : said);
  }

  x(seconds) {
    const { from, to } = this.range;
    return Math.min(1, Math.max(0, (seconds - from) / (to - from || 1))) * this.wide;
  }

  draw() {
    if (!this.lane) return;
    this.wide = this.plot.clientWidth;
    this.high = this.plot.clientHeight;
    if (!this.wide) return;
    const { findings, lane, range } = this;
    const key = JSON.stringify([this.wide, this.high, range, lane.gaps, lane.rest, findings.map((one) => [one.seq, one.from, one.until, one.to, one.intensity, one.class])]);
    if (key === this.drawn) return;
    this.drawn = key;
    this.svg.setAttribute("viewBox", `0 0 ${this.wide} ${this.high}`);
    this.svg.replaceChildren();
    this.shapes = new Map();
    for (const [from, to] of lane.gaps) this.rect("gap", from, to, 0, this.high);
    for (const [from, to] of lane.rest.spans) this.rect("rest", from, to, this.high - 6, 6);
    if (lane.key === "plates") this.plates();
    else this.bars();
    this.cursor = element("line", { class: "cursor", y1: 0, y2: this.high, x1: -9, x2: -9 }, this.svg);
    this.point(this.seconds ?? null);
    this.choose(this.at);
  }

  rect(name, from, to, y, height) {
    const x = this.x(from);
    return element("rect", { class: name, x, width: Math.max(2, this.x(to) - x), y, height }, this.svg);
  }

  bars() {
    const { rows, count } = stacked(this.findings);
    const low = this.high - 2 * EDGE - (this.lane.rest.spans.length ? 6 : 0);
    const step = this.lane.key === "motion" ? low : Math.min(BAR_PX + 2, low / count);
    const rowOf = new Map();
    for (const { finding, row } of rows) {
      rowOf.set(finding.track, row);
      this.bar(finding, EDGE + row * step, step);
    }
    for (const finding of this.findings) if (finding.kind === "mark") this.mark(finding, EDGE + ((rowOf.get(finding.track) ?? 0) + 0.5) * step);
  }

  bar(finding, top, step) {
    const room = step > 6 ? step - 2 : step * 0.8;
    // motion stands on the ground, as high as it was strong
    const high = finding.kind === "motion" ? Math.max(4, room * Math.min(1, finding.intensity ?? 1)) : room;
    const bar = this.rect(`bar${finding.to === null ? " open" : ""}`, finding.from, finding.until, finding.kind === "motion" ? top + room - high : top, high);
    const wide = this.x(finding.until) - this.x(finding.from);
    const label = String(finding.track ?? "");
    if (finding.kind === "track" && room >= 12 && wide > (label.length + 1) * LETTER_PX) {
      element("text", { class: "bar-name", x: this.x(finding.from) + 3, y: top + room - 3 }, this.svg).textContent = label;
    }
    this.shapes.set(finding.key, { node: bar, from: this.x(finding.from), to: Math.max(this.x(finding.until), this.x(finding.from) + 2), top, bottom: top + step });
  }

  mark(finding, y) {
    const x = this.x(finding.at);
    const points = { zone_entered: "-4,-5 5,0 -4,5", zone_left: "4,-5 -5,0 4,5" }[finding.what] ?? "0,-6 5,0 0,6 -5,0";
    const node = element("polygon", { class: "seen-mark", points, transform: `translate(${x} ${y})` }, this.svg);
    this.shapes.set(finding.key, { node, from: x - 5, to: x + 5, top: y - 6, bottom: y + 6 });
  }

  plates() {
    const ends = [-Infinity, -Infinity];
    for (const finding of this.findings) {
      const x = this.x(finding.at);
      const node = element("line", { class: "plate-mark", x1: x, x2: x, y1: EDGE, y2: this.high - EDGE }, this.svg);
      const wide = finding.plate.length * LETTER_PX + 6;
      const left = Math.min(x + 4, this.wide - wide);
      const row = ends.findIndex((end) => end < left);
      const room = this.high / 2;
      if (row >= 0 && wide < this.wide) {
        ends[row] = left + wide;
        element("text", { class: "plate-name", x: left, y: room * row + room * 0.7 }, this.svg).textContent = finding.plate;
      }
      this.shapes.set(finding.key, { node, from: x - 2, to: row >= 0 ? left + wide : x + 2, top: row >= 0 ? room * row : 0, bottom: row >= 0 ? room * (row + 1) : this.high });
    }
  }

  point(seconds) {
    this.seconds = seconds;
    if (!this.cursor) return;
    const x = seconds === null ? -9 : this.x(seconds).toFixed(1);
    this.cursor.setAttribute("x1", x);
    this.cursor.setAttribute("x2", x);
  }

  listen() {
    this.plot.addEventListener("click", (event) => this.press(event));
    this.plot.addEventListener("pointermove", (event) => {
      const finding = this.under(event);
      this.plot.dataset.over = finding ? "yes" : "no";
      if (finding) this.read(described(finding, this.live));
    });
    this.plot.addEventListener("keydown", (event) => this.key(event));
  }

  secondsAt(event) {
    const box = this.plot.getBoundingClientRect();
    return this.range.from + ((event.clientX - box.left - this.plot.clientLeft) / this.wide) * (this.range.to - this.range.from);
  }

  // The finding under the pointer: the narrowest of those that lie there or nearly.
  under(event) {
    const box = this.plot.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left - this.plot.clientLeft, event.clientY - box.top - this.plot.clientTop];
    const away = ({ from, to, top, bottom }) => Math.max(0, from - x, x - to) + Math.max(0, top - y, y - bottom);
    const near = this.findings.map((finding) => ({ finding, shape: this.shapes?.get(finding.key) })).filter(({ shape }) => shape && away(shape) <= NEAR_PX);
    near.sort((a, b) => away(a.shape) - away(b.shape) || a.shape.to - a.shape.from - (b.shape.to - b.shape.from));
    return near[0]?.finding ?? null;
  }

  press(event) {
    if (!this.lane) return;
    const finding = this.under(event);
    const seconds = this.secondsAt(event);
    if (!finding) this.seek(Math.max(this.range.from, seconds));
    else this.go(finding, nearestTold(finding, seconds));
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || !this.findings.length) return;
    const last = this.findings.length - 1;
    if (event.key === "Enter") this.go(this.findings[Math.max(0, this.at)], this.findings[Math.max(0, this.at)].at);
    else if (event.key in TO) this.step(Math.min(last, Math.max(0, this.at + TO[event.key])));
    else if (event.key === "Home" || event.key === "End") this.step(event.key === "Home" ? 0 : last);
    else return;
    // the page's own arrows step the player
    event.preventDefault();
  }

  step(at) {
    this.choose(at);
    this.read(described(this.findings[at], this.live));
  }

  choose(at) {
    this.at = at;
    const chosen = this.findings[at];
    for (const [key, { node }] of this.shapes ?? []) node.classList.toggle("chosen", key === chosen?.key);
    if (!chosen) return;
    this.plot.setAttribute("aria-valuenow", String(at));
    this.plot.setAttribute("aria-valuetext", described(chosen, this.live));
  }

  go(finding, seconds) {
    this.choose(this.findings.findIndex((one) => one.key === finding.key));
    this.open(finding, seconds);
  }
}
