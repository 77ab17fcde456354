// Outlines over the picture: points are dragged, a press beside them adds one, arrow keys move the chosen one.
import { element } from "../../svg.js";
import { say } from "../../words.js";
import { pointAt } from "./outlines.js";

const DOT_PX = 7;
const REACH_PX = 18;
const STEP = 0.005;
const BIG_STEP = 0.05;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const SIDE_PX = 22;

// told: {choose(outline, point), move(point), add(point), nudge(dx, dy), step(by), grow(), shrink()}
export class Stage {
  constructor(stage, svg, told) {
    Object.assign(this, { stage, svg, told, outlines: [], chosen: null, point: null });
    new ResizeObserver(() => this.draw()).observe(stage);
    svg.addEventListener("pointerdown", (event) => this.press(event));
    svg.addEventListener("pointermove", (event) => this.drag(event));
    for (const name of ["pointerup", "pointercancel"]) svg.addEventListener(name, () => { this.dragging = false; });
    svg.addEventListener("keydown", (event) => this.key(event));
  }

  show(outlines, chosen, point) {
    Object.assign(this, { outlines, chosen, point });
    this.draw();
  }

  get size() {
    return [this.stage.clientWidth || 1, this.stage.clientHeight || 1];
  }

  place(event) {
    const bounds = this.svg.getBoundingClientRect();
    return pointAt((event.clientX - bounds.left) / bounds.width, (event.clientY - bounds.top) / bounds.height);
  }

  press(event) {
    if (event.button !== 0) return;
    const place = this.place(event);
    const near = this.near(place);
    if (near) this.told.choose(...near);
    else if (this.chosen !== null) this.told.add(place);
    this.dragging = near !== null || this.chosen !== null;
    this.svg.setPointerCapture(event.pointerId);
    this.svg.focus();
    event.preventDefault();
  }

  drag(event) {
    if (this.dragging && this.point !== null) this.told.move(this.place(event));
  }

  // The point under the pointer, of the chosen outline first: [outline, point].
  near([x, y]) {
    const [wide, high] = this.size;
    const order = [this.chosen, ...this.outlines.keys()].filter((at) => at !== null);
    for (const at of order) {
      const far = this.outlines[at].points.map((point) => Math.hypot((point[0] - x) * wide, (point[1] - y) * high));
      const nearest = far.indexOf(Math.min(...far));
      if (far[nearest] <= REACH_PX) return [at, nearest];
    }
    return null;
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    const step = event.shiftKey ? BIG_STEP : STEP;
    if (arrow) this.told.nudge(arrow[0] * step, arrow[1] * step);
    else if (event.key === "PageDown") this.told.step(1);
    else if (event.key === "PageUp") this.told.step(-1);
    else if (event.key === "Insert" || event.key === "+") this.told.grow();
    else if (event.key === "Delete" || event.key === "Backspace") this.told.shrink();
    else return;
    event.preventDefault();
  }

  draw() {
    const [wide, high] = this.size;
    this.svg.setAttribute("viewBox", `0 0 ${wide} ${high}`);
    this.svg.replaceChildren();
    this.outlines.forEach((outline, at) => this.outline(outline, at, outline.points.map(([x, y]) => [x * wide, y * high])));
  }

  outline({ kind, name }, at, places) {
    const group = element("g", { class: kind }, this.svg);
    const points = places.map((place) => place.join(",")).join(" ");
    const shape = kind === "lines" ? "polyline" : "polygon";
    element(shape, { class: "edge", points }, group);
    element(shape, { class: kind === "lines" ? "shape line-kind" : "shape", points }, group);
    if (kind === "lines") this.sides(group, places);
    element("text", { x: places[0][0] + 8, y: Math.max(16, places[0][1] - 10) }, group).textContent = name;
    if (at === this.chosen) places.forEach(([cx, cy], nth) => element("circle", { class: nth === this.point ? "dot chosen" : "dot", cx, cy, r: DOT_PX }, group));
  }

  // Which side is the right one, seen from the start; and where the line ends.
  sides(group, [[ax, ay], [bx, by]]) {
    const long = Math.hypot(bx - ax, by - ay) || 1;
    const [dx, dy] = [(bx - ax) / long, (by - ay) / long];
    const [mx, my] = [(ax + bx) / 2, (ay + by) / 2];
    const tip = [[bx, by], [bx - 12 * dx - 6 * dy, by - 12 * dy + 6 * dx], [bx - 12 * dx + 6 * dy, by - 12 * dy - 6 * dx]];
    element("polygon", { class: "shape", points: tip.map((one) => one.join(",")).join(" ") }, group);
    const label = (side, text) => {
      element("text", { x: mx - side * dy * SIDE_PX, y: my + side * dx * SIDE_PX + 5, "text-anchor": "middle" }, group).textContent = text;
    };
    label(1, say("zones.right"));
    label(-1, say("zones.left"));
  }
}
