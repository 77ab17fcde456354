// Curves of evidence as sharp charts: axes with units, gaps as gaps, the reference, marked stretches, a reader for values.
import { clock } from "../format.js";
import { element, tag } from "../svg.js";
import { say } from "../words.js";
import { moment, nearest, outlines, plain, rangeOf, runs, short, ticks } from "./scales.js";

const HIGH = 190;
const EDGE = { left: 54, right: 22, top: 10, bottom: 40 };
const TABLE_ROWS = 300;
const NTHS = 8;

export class Curves {
  constructor(place, data, { seek }) {
    this.panels = data.panels.map((panel) => new PanelChart(place, panel, seek));
    this.watch = new ResizeObserver(() => this.panels.forEach((panel) => panel.draw()));
    this.watch.observe(place);
  }

  point(seconds) {
    for (const panel of this.panels) panel.follow(seconds);
  }
}

class PanelChart {
  constructor(place, panel, seek) {
    Object.assign(this, { panel, seek, timed: panel.across.unit === "s" && Boolean(seek) });
    this.at = 0;
    this.seconds = null;
    this.node = tag("div", { class: "curves" });
    this.node.append(tag("p", { class: "curves-title" }, panel.title));
    this.frame = tag("div", {
      class: "curves-frame", tabindex: "0", role: "slider",
      "aria-label": say(this.timed ? "evidence.chart" : "evidence.chart_still", { title: panel.title }),
      "aria-valuemin": "0", "aria-valuemax": String(panel.across.values.length - 1),
    });
    this.reading = tag("p", { class: "small curves-reading" });
    this.frame.title = say("evidence.hint");
    this.node.append(this.frame, this.legend(), this.reading, ...this.stretches(), this.table());
    place.append(this.node);
    this.listen();
    this.draw();
    this.show(0, { quietly: true });
  }

  draw() {
    const wide = Math.round(this.frame.clientWidth) || 480;
    if (wide === this.wide) return;
    this.wide = wide;
    this.svg = element("svg", { viewBox: `0 0 ${wide} ${HIGH}`, width: wide, height: HIGH, "aria-hidden": "true" });
    const { values } = this.panel.across;
    this.low = rangeOf(this.panel);
    this.left = [values[0], values.at(-1)];
    this.ground();
    this.axes();
    this.panel.curves.forEach((curve, nth) => this.stroke(curve, nth));
    this.player = element("line", { class: "cursor", y1: EDGE.top, y2: HIGH - EDGE.bottom, x1: -9, x2: -9 }, this.svg);
    this.pointer = element("line", { class: "reader", y1: EDGE.top, y2: HIGH - EDGE.bottom, x1: -9, x2: -9 }, this.svg);
    this.frame.replaceChildren(this.svg);
    this.follow(this.seconds);
  }

  x(value) {
    const [first, last] = this.left;
    const share = last > first ? (value - first) / (last - first) : 0.5;
    return EDGE.left + Math.min(1, Math.max(0, share)) * (this.wide - EDGE.left - EDGE.right);
  }

  y(value) {
    const [low, high] = this.low;
    const share = high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0.5;
    return EDGE.top + (1 - share) * (HIGH - EDGE.top - EDGE.bottom);
  }

  ground() {
    const bottom = HIGH - EDGE.bottom;
    for (const [spans, name] of [[this.panel.gaps, "gap"], [this.panel.spans, "marked"]]) {
      for (const span of spans) {
        const left = this.x(span.begins);
        const wide = Math.max(2, this.x(span.ends) - left);
        element("rect", { class: name, x: left, y: EDGE.top, width: wide, height: bottom - EDGE.top }, this.svg);
        if (name === "marked") element("path", { class: "marked-edge", d: `M${left} ${EDGE.top}h${wide}M${left} ${bottom}h${wide}` }, this.svg);
      }
    }
    this.reference();
    for (const { at } of this.panel.marks) element("line", { class: "mark", x1: this.x(at), x2: this.x(at), y1: EDGE.top, y2: bottom }, this.svg);
  }

  reference() {
    const { band, across } = this.panel;
    if (!band) return;
    for (const outline of outlines(across.values, band, this.low[0])) {
      const edge = outline.map(([x, y], at) => `${at ? "L" : "M"}${this.x(x).toFixed(1)} ${this.y(y).toFixed(1)}`);
      element("path", { class: "reference", d: `${edge.join("")}Z` }, this.svg);
    }
  }

  axes() {
    const bottom = HIGH - EDGE.bottom;
    element("rect", { class: "field", x: EDGE.left, y: EDGE.top, width: this.wide - EDGE.left - EDGE.right, height: bottom - EDGE.top }, this.svg);
    const up = ticks(...this.low, 4);
    for (const value of up) {
      element("line", { class: "grid", x1: EDGE.left, x2: this.wide - EDGE.right, y1: this.y(value), y2: this.y(value) }, this.svg);
      const text = element("text", { class: "tick", x: EDGE.left - 6, y: this.y(value) + 4, "text-anchor": "end" }, this.svg);
      text.textContent = short(value, up[1] - up[0]);
    }
    const along = ticks(...this.left, Math.max(2, Math.floor(this.wide / 110)));
    for (const value of along) {
      element("line", { class: "grid", x1: this.x(value), x2: this.x(value), y1: bottom, y2: bottom + 4 }, this.svg);
      const text = element("text", { class: "tick", x: this.x(value), y: bottom + 16, "text-anchor": "middle" }, this.svg);
      text.textContent = this.timed && this.left[1] >= 60 ? clock(value) : short(value, along[1] - along[0]);
    }
    this.name(this.panel.across, { x: (EDGE.left + this.wide - EDGE.right) / 2, y: HIGH - 6 });
    this.name(this.panel.up, { transform: `translate(12 ${(EDGE.top + bottom) / 2}) rotate(-90)` });
  }

  name(axis, place) {
    if (!axis.name) return;
    const text = element("text", { class: "axis-name", "text-anchor": "middle", ...place }, this.svg);
    text.textContent = axis.unit ? say("evidence.axis", axis) : axis.name;
  }

  stroke(curve, nth) {
    for (const run of runs(this.panel.across.values, curve.values)) {
      const points = run.map(([x, y]) => [this.x(x), this.y(y)]);
      if (points.length === 1) element("circle", { class: `dot nth-${nth % NTHS}`, cx: points[0][0], cy: points[0][1], r: 2 }, this.svg);
      else element("path", { class: `line nth-${nth % NTHS}`, d: points.map(([x, y], at) => `${at ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("") }, this.svg);
    }
  }

  // Every curve by its own stroke, so that none is told by colour alone.
  legend() {
    const list = tag("ul", { class: "plain row small curves-legend" });
    const entry = (kind, text) => {
      const item = tag("li");
      const sample = element("svg", { viewBox: "0 0 28 10", width: 28, height: 10, "aria-hidden": "true" });
      if (kind.startsWith("line")) element("path", { class: kind, d: "M1 5H27" }, sample);
      else element("rect", { class: kind, x: 1, y: 1, width: 26, height: 8 }, sample);
      item.append(sample, ` ${text}`);
      list.append(item);
    };
    this.panel.curves.forEach((curve, nth) => entry(`line nth-${nth % NTHS}`, curve.name));
    if (this.panel.band) entry("reference", say("evidence.reference", this.panel.band));
    if (this.panel.gaps.length) entry("gap", say("evidence.gaps"));
    return list;
  }

  place(value) {
    return this.timed ? clock(value) : `${this.along(value)} ${this.panel.across.unit}`.trim();
  }

  // A place on the axis as a number: of a time three digits are too few.
  along(value) {
    return this.panel.across.unit === "s" ? moment(value) : plain(value);
  }

  // Marked stretches and places in words; over media time they take the player there.
  stretches() {
    const said = [
      ...this.panel.spans.map((span) => [span.begins, say("evidence.span", { begins: this.place(span.begins), ends: this.place(span.ends), label: span.label })]),
      ...this.distinctMarks().map((mark) => [mark.at, say("evidence.mark", { place: this.place(mark.at), label: mark.label })]),
    ];
    if (!said.length) return [];
    const list = tag("ul", { class: "plain row small marked-list" });
    for (const [at, text] of said) {
      const item = tag("li");
      item.append(this.timed ? tag("button", { type: "button", class: "small", "data-seek": String(at) }, text) : tag("span", {}, text));
      list.append(item);
    }
    return [list];
  }

  // Lines of a comb all say the same: the first speaks for all.
  distinctMarks() {
    const seen = new Set();
    return this.panel.marks.filter(({ label }) => this.timed || (!seen.has(label) && seen.add(label)));
  }

  table() {
    const details = tag("details", { class: "curves-table" });
    details.append(tag("summary", { class: "small" }, say("evidence.table")));
    details.addEventListener("toggle", () => details.open && details.childElementCount === 1 && details.append(this.rows()), { once: false });
    return details;
  }

  rows() {
    const { across, curves } = this.panel;
    const scroll = tag("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": this.panel.title });
    const table = tag("table");
    const head = tag("tr");
    for (const name of [say("evidence.axis", across), ...curves.map((curve) => curve.name)]) head.append(tag("th", { scope: "col" }, name));
    const every = Math.ceil(across.values.length / TABLE_ROWS);
    const body = tag("tbody");
    across.values.forEach((value, at) => {
      if (at % every) return;
      const row = tag("tr");
      row.append(tag("td", {}, this.along(value)));
      for (const { values } of curves) row.append(tag("td", {}, values[at] === null ? say("row.gap") : plain(values[at])));
      body.append(row);
    });
    const top = tag("thead");
    top.append(head);
    table.append(top, body);
    scroll.append(table);
    return scroll;
  }

  listen() {
    this.frame.addEventListener("pointermove", (event) => this.show(this.under(event)));
    this.frame.addEventListener("click", (event) => {
      this.show(this.under(event));
      this.go();
      this.tell();
    });
    this.frame.addEventListener("keydown", (event) => this.press(event));
  }

  under(event) {
    const [first, last] = this.left;
    const box = this.frame.getBoundingClientRect();
    const share = (event.clientX - box.left - EDGE.left) / (this.wide - EDGE.left - EDGE.right);
    return nearest(this.panel.across.values, first + share * (last - first));
  }

  press(event) {
    const last = this.panel.across.values.length - 1;
    const moves = { ArrowLeft: this.at - 1, ArrowRight: this.at + 1, PageDown: this.at - 10, PageUp: this.at + 10, Home: 0, End: last };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in moves) this.show(Math.min(last, Math.max(0, moves[event.key])));
    else if (event.key === "Enter") this.go();
    else return;
    this.tell();
    // the page's own arrows step the player
    event.preventDefault();
  }

  go() {
    if (this.timed) this.seek(this.panel.across.values[this.at]);
  }

  // What was read by a press or a key can be asked about; what the pointer only passes is not.
  tell() {
    if (this.panel.across.unit !== "s") return;
    const detail = { seconds: this.panel.across.values[this.at] };
    this.node.dispatchEvent(new CustomEvent("evidence:read", { bubbles: true, detail }));
  }

  show(at, { quietly = false } = {}) {
    this.at = at;
    const where = this.panel.across.values[at];
    const values = this.panel.curves.map(({ name, values: of }) =>
      (of[at] === null ? say("evidence.no_value", { name }) : say("evidence.value", { name, value: plain(of[at]) })));
    const gap = this.panel.gaps.find((span) => span.begins <= where && where < span.ends);
    const told = [`${this.along(where)} ${this.panel.across.unit}`.trim(), ...values, ...(gap ? [say("evidence.gap", { reason: say(`reason.${gap.label}`) })] : [])].join(" · ");
    this.frame.setAttribute("aria-valuenow", String(at));
    this.frame.setAttribute("aria-valuetext", told);
    if (quietly) return;
    this.reading.textContent = told;
    this.stand(this.pointer, where);
  }

  // The player's place, where the axis is media time.
  follow(seconds) {
    this.seconds = seconds;
    if (this.panel.across.unit !== "s") return;
    const within = seconds !== null && seconds >= this.left[0] && seconds <= this.left[1];
    this.stand(this.player, within ? seconds : null);
  }

  stand(line, value) {
    const x = value === null ? -9 : this.x(value).toFixed(1);
    line.setAttribute("x1", x);
    line.setAttribute("x2", x);
  }
}
