// One map at a time, laid over the file's picture or over the frame it was measured on. Off until somebody asks.
import { clock } from "../format.js";
import { tag } from "../svg.js";
import { say } from "../words.js";
import { fitted } from "./scales.js";

const SAME_FRAME_S = 0.12;
const TINT = [255, 110, 0];
const UNMEASURED = [128, 128, 128, 110];

// The cells as RGBA bytes: the higher the value, the fuller the colour; every second unmeasured cell is grey. Pure.
export function painted({ rows, low, high }) {
  const bytes = new Uint8ClampedArray(rows.length * rows[0].length * 4);
  rows.forEach((row, y) => row.forEach((value, x) => {
    const at = 4 * (y * row.length + x);
    if (value === null) bytes.set((x + y) % 2 ? UNMEASURED : [0, 0, 0, 0], at);
    else bytes.set([...TINT, high > low ? (255 * (value - low)) / (high - low) : value > 0 ? 255 : 0], at);
  }));
  return bytes;
}

export class Overlay {
  constructor(media) {
    this.media = media;
    this.note = document.getElementById("media-over");
    this.canvas = tag("canvas", { class: "media-overlay", hidden: "", "aria-hidden": "true" });
    media.parentElement.append(this.canvas);
    this.failed = media.tagName === "IMG" && media.complete && !media.naturalWidth;
    this.now = null;
    const place = () => this.place();
    new ResizeObserver(place).observe(media);
    for (const event of ["load", "loadedmetadata"]) media.addEventListener(event, place);
    // a video whose sound plays and whose picture this browser cannot decode raises no error
    const blind = () => this.video && media.readyState > 0 && !media.videoWidth && this.fail();
    media.addEventListener("loadedmetadata", blind);
    blind();
  }

  get video() {
    return this.media.tagName === "VIDEO";
  }

  // `owner.overOff()` is called when another map takes the place.
  on(owner, data, title, opacity) {
    if (this.now && this.now.owner !== owner) this.now.owner.overOff();
    this.now = { owner, data, title };
    this.canvas.style.opacity = opacity;
    if (this.video && data.pts_seconds !== null) {
      this.media.pause();
      this.media.currentTime = data.pts_seconds;
    }
    this.paint();
    this.place();
    this.follow();
  }

  off(owner) {
    if (this.now?.owner !== owner) return;
    this.now = null;
    this.canvas.hidden = true;
    this.note.hidden = true;
  }

  opacity(owner, value) {
    if (this.now?.owner === owner) this.canvas.style.opacity = value;
  }

  // Shown only while the player stands at the frame the map was measured on.
  follow() {
    if (!this.now) return;
    const { data, title } = this.now;
    const away = this.video && data.pts_seconds !== null && !this.media.seeking && Math.abs(this.media.currentTime - data.pts_seconds) > SAME_FRAME_S;
    this.canvas.hidden = away;
    this.note.hidden = false;
    this.note.textContent = away ? say("evidence.over_elsewhere", { title, time: clock(data.pts_seconds) }) : say("evidence.over_now", { title });
  }

  paint() {
    const { rows } = this.now.data;
    Object.assign(this.canvas, { width: rows[0].length, height: rows.length });
    this.canvas.getContext("2d").putImageData(new ImageData(painted(this.now.data), rows[0].length, rows.length), 0, 0);
  }

  place() {
    if (!this.now) return;
    const { media } = this;
    const [left, top, right, bottom] = this.now.data.region;
    const box = { width: media.clientWidth, height: media.clientHeight };
    const shown = fitted(box, media.videoWidth || media.naturalWidth, media.videoHeight || media.naturalHeight);
    Object.assign(this.canvas.style, {
      left: `${media.offsetLeft + media.clientLeft + shown.left + left * shown.width}px`,
      top: `${media.offsetTop + media.clientTop + shown.top + top * shown.height}px`,
      width: `${(right - left) * shown.width}px`,
      height: `${(bottom - top) * shown.height}px`,
    });
  }

  fail() {
    this.failed = true;
    this.now?.owner.overOff();
    this.canvas.hidden = true;
    this.note.hidden = true;
    this.whenFailed?.forEach((tell) => tell());
  }

  onFail(tell) {
    (this.whenFailed ??= []).push(tell);
  }
}
