// A small chart of one detector's scores over media time, filling in from left to right.
import { curve } from "./curve.js";
import { element } from "./svg.js";

const WIDE = 1000;
const HIGH = 100;
const SHADES = 4;

const INSET = 2; // a score of exactly 0 or 1 is not hidden by the frame
const down = (y) => (INSET + (1 - y) * (HIGH - 2 * INSET)).toFixed(1);
const path = (run) => run.map(([x, y], index) => `${index ? "L" : "M"}${(x * WIDE).toFixed(1)} ${down(y)}`).join("");

export class Chart {
  // onSeek(share of the duration) is called when somebody points into the chart.
  constructor(figure, onSeek) {
    this.figure = figure;
    this.svg = element("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", role: "img" }, figure.querySelector(".plot"));
    this.layer = element("g", {}, this.svg);
    this.cursor = element("line", { class: "cursor", y1: 0, y2: HIGH, x1: -9, x2: -9 }, this.svg);
    this.drawn = "";
    this.svg.addEventListener("click", (event) => {
      const box = this.svg.getBoundingClientRect();
      onSeek((event.clientX - box.left) / box.width);
    });
  }

  draw(points, duration, label) {
    const key = `${points.length} ${duration}`;
    if (key === this.drawn) return;
    this.drawn = key;
    this.svg.setAttribute("aria-label", label);
    this.layer.replaceChildren();
    const { lines, gaps } = curve(points, duration);
    for (const [from, to] of gaps) {
      element("rect", { class: "gap", x: from * WIDE, width: Math.max(2, (to - from) * WIDE), y: 0, height: HIGH }, this.layer);
    }
    lines.forEach((line, nth) => line.runs.forEach((run) => this.stroke(run, nth)));
  }

  stroke(run, nth) {
    // a single point has no length: a short dash makes it visible
    const drawn = run.length === 1 ? [[run[0][0] - 0.002, run[0][1]], [run[0][0] + 0.002, run[0][1]]] : run;
    element("path", { class: `line shade-${nth % SHADES}`, d: path(drawn) }, this.layer);
  }

  point(share) {
    const x = share === null ? -9 : (share * WIDE).toFixed(1);
    this.cursor.setAttribute("x1", x);
    this.cursor.setAttribute("x2", x);
  }
}
