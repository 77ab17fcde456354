// Boxes of what was seen, over the player or the picture: switchable, and switched the same the next time.
import { fitted } from "../evidence/scales.js";
import { element } from "../svg.js";
import { boxesAt, boxesOfPicture } from "./boxes_at.js";
import { named } from "./telling.js";

const OFF = "assay.boxes.off";
const LETTER_PX = 7;
const LINE_PX = 16;

export class Boxes {
  constructor(media, controls) {
    Object.assign(this, { media, controls, footage: null, seconds: null, within: 0, chosen: null });
    this.still = media.tagName === "IMG";
    this.svg = element("svg", { class: "boxes", "aria-hidden": "true" });
    media.parentElement.append(this.svg);
    this.button = controls.querySelector("button");
    this.button.addEventListener("click", () => this.switch(!this.on));
    this.switch(!remembered(), { quietly: true });
    const place = () => this.place();
    // the stage too: where it is wider than the media, these move without a change of size
    const watch = new ResizeObserver(place);
    for (const node of [media, media.parentElement]) watch.observe(node);
    for (const event of ["load", "loadedmetadata"]) media.addEventListener(event, place);
  }

  show(footage) {
    if (footage === this.footage) return;
    this.footage = footage;
    this.draw();
  }

  at(seconds, within) {
    Object.assign(this, { seconds, within });
    this.draw();
  }

  choose(finding) {
    this.chosen = finding.seq;
    this.draw();
  }

  switch(on, { quietly = false } = {}) {
    this.on = on;
    this.button.setAttribute("aria-pressed", String(on));
    if (!quietly) remember(!on);
    this.draw();
  }

  place() {
    const { media } = this;
    const shown = fitted({ width: media.clientWidth, height: media.clientHeight }, media.videoWidth || media.naturalWidth, media.videoHeight || media.naturalHeight);
    this.shown = shown;
    Object.assign(this.svg.style, {
      left: `${media.offsetLeft + media.clientLeft + shown.left}px`, top: `${media.offsetTop + media.clientTop + shown.top}px`,
      width: `${shown.width}px`, height: `${shown.height}px`,
    });
    this.svg.setAttribute("viewBox", `0 0 ${shown.width || 1} ${shown.height || 1}`);
    this.draw();
  }

  draw() {
    this.svg.replaceChildren();
    this.names = [];
    const found = this.found();
    this.svg.toggleAttribute("hidden", found.length === 0);
    for (const one of found) this.box(one);
  }

  found() {
    const drawable = this.on && this.footage && this.shown?.width && !this.media.hidden;
    if (!drawable || (!this.still && this.seconds === null)) return [];
    return this.still ? boxesOfPicture(this.footage) : boxesAt(this.footage, this.seconds, this.within);
  }

  box({ kind, seq, box: [left, top, right, bottom], told, of }) {
    const { width, height } = this.shown;
    const place = { x: left * width, y: top * height, width: (right - left) * width, height: (bottom - top) * height };
    const group = element("g", { class: `box ${kind}${told ? "" : " between"}${seq === this.chosen ? " chosen" : ""}` }, this.svg);
    element("rect", { class: "box-edge", ...place }, group);
    element("rect", { class: "box-line", ...place }, group);
    const text = this.label(kind, of);
    if (text) this.name(group, text, place);
  }

  // A vehicle bears its plate wherever its own box is known.
  label(kind, of) {
    if (kind === "plate") return of.plate;
    if (kind === "motion") return "";
    const plate = this.footage.plates.find((one) => one.track !== null && one.track === of.track);
    return plate && !this.still ? `${named(of)} · ${plate.plate}` : named(of);
  }

  name(group, text, place) {
    const wide = text.length * LETTER_PX + 6;
    const x = Math.max(0, Math.min(place.x, this.shown.width - wide));
    const y = this.free(x, place.y >= LINE_PX ? place.y - LINE_PX : Math.min(place.y + place.height, this.shown.height - LINE_PX), wide);
    element("rect", { class: "box-ground", x, y, width: wide, height: LINE_PX }, group);
    element("text", { class: "box-name", x: x + 3, y: y + LINE_PX - 4 }, group).textContent = text;
  }

  // A line further down as long as another name stands there.
  free(x, from, wide) {
    const taken = (y) => this.names.some((one) => Math.abs(one.y - y) < LINE_PX && one.x < x + wide && x < one.x + one.wide);
    let y = from;
    while (taken(y) && y < this.shown.height) y += LINE_PX;
    this.names.push({ x, y, wide });
    return y;
  }
}

function remembered() {
  try { return localStorage.getItem(OFF) === "yes"; } catch { return false; }
}

function remember(off) {
  try { localStorage.setItem(OFF, off ? "yes" : "no"); } catch { /* a private window: for this page only */ }
}
