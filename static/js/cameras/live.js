// The live view on a page: read part by part, so that the page knows what it shows; rests while nobody looks.
import { toSignIn } from "../api.js";
import { say } from "../words.js";
import { Parts } from "./multipart.js";

const AGAIN_FIRST_MS = 1_000;
const AGAIN_MOST_MS = 15_000;
const OFF = "assay.live.boxes.off";

export class Live {
  constructor(camera, { stage, picture, note, boxes, pause }) {
    Object.assign(this, { camera, stage, picture, note, boxes, pause });
    this.wanted = true;
    this.againMs = AGAIN_FIRST_MS;
    this.withBoxes = !remembered();
    boxes.addEventListener("click", () => this.switchBoxes());
    pause.addEventListener("click", () => this.switch());
    document.addEventListener("visibilitychange", () => this.reconsider());
    addEventListener("pagehide", () => this.stop());
    addEventListener("pageshow", () => this.reconsider());
    this.draw();
    this.reconsider();
  }

  switchBoxes() {
    this.withBoxes = !this.withBoxes;
    remember(!this.withBoxes);
    this.draw();
    this.stop();
    this.reconsider();
  }

  switch() {
    this.wanted = !this.wanted;
    this.draw();
    this.reconsider();
    if (!this.wanted) this.says("paused", true);
  }

  draw() {
    this.boxes.setAttribute("aria-pressed", String(this.withBoxes));
    this.pause.textContent = say(this.wanted ? "camera.pause" : "camera.go_on");
  }

  reconsider() {
    const should = this.wanted && document.visibilityState === "visible";
    if (should && !this.reading) this.read();
    if (!should) this.stop();
  }

  stop() {
    clearTimeout(this.timer);
    this.reading?.abort();
    this.reading = null;
  }

  async read() {
    clearTimeout(this.timer);
    const reading = new AbortController();
    this.reading = reading;
    if (this.picture.hidden) this.says("asking");
    let final = false;
    try {
      const response = await fetch(`/api/v1/cameras/${this.camera}/live/?boxes=${this.withBoxes}`, { signal: reading.signal });
      final = response.ok ? false : this.refused(response.status);
      if (response.ok) await this.follow(response.body.getReader(), reading);
    } catch {
      if (this.reading === reading) this.says("away", true);
    }
    if (this.reading !== reading) return;
    this.reading = null;
    if (!final) this.again();
  }

  again() {
    this.timer = setTimeout(() => this.reconsider(), this.againMs);
    this.againMs = Math.min(this.againMs * 2, AGAIN_MOST_MS);
  }

  async follow(reader, reading) {
    const parts = new Parts();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || this.reading !== reading) return;
      const newest = parts.take(value).at(-1);
      if (newest) this.show(newest);
    }
  }

  show({ shows, bytes }) {
    this.againMs = AGAIN_FIRST_MS;
    if (shows !== "picture") return this.says(shows, true);
    const address = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
    const before = this.picture.src;
    this.picture.src = address;
    this.picture.hidden = false;
    if (before.startsWith("blob:")) URL.revokeObjectURL(before);
    this.stage.dataset.pictures = String(Number(this.stage.dataset.pictures ?? 0) + 1);
    return this.says("", false);
  }

  // Whether there is no use in trying again.
  refused(status) {
    if (status === 401) toSignIn();
    if (status === 429) this.says("too_many", true);
    else if ([401, 403, 404].includes(status)) this.says("gone", true);
    else {
      this.says("away", true);
      return false;
    }
    if (status === 429) this.wanted = false;
    this.draw();
    return true;
  }

  says(what, stale = false) {
    const text = what ? say(`camera.${what}`) : "";
    if (this.note.textContent !== text) this.note.textContent = text;
    this.stage.classList.toggle("stale", stale);
    this.stage.dataset.shows = what || "picture";
  }
}

function remembered() {
  try { return localStorage.getItem(OFF) === "yes"; } catch { return false; }
}

function remember(off) {
  try { localStorage.setItem(OFF, off ? "yes" : "no"); } catch { /* a private window: for this page only */ }
}
