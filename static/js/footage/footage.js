// What was seen, under the player: one lane per kind and class on the time axis of the scores, live while it is told.
import { say } from "../words.js";
import { lanesOf, stops } from "./findings.js";
import { SeenLane } from "./lane.js";
import { FindingSheet } from "./sheet.js";
import { allSaid } from "./telling.js";

const DRAWN_EVERY_MS = 200;
const TYPES = { motion: "motion", plates: "anpr" };

// source: the camera_id its events are found by. frames: what shows a frame of the player, null for a picture.
export class Footage {
  constructor(section, { run, source, watchers, frames, boxes, seek }) {
    Object.assign(this, { section, source, watchers, frames, boxes, seek, lanes: new Map(), found: [], told: null, timer: 0, drawnAt: 0 });
    const part = (name) => section.querySelector(`#footage-${name}`);
    this.lists = { motion: part("motion"), objects: part("objects"), plates: part("plates") };
    Object.assign(this, { template: part("lane"), said: part("said"), reading: part("reading") });
    this.sheet = new FindingSheet(part("finding"), { run, player: Boolean(frames) });
  }

  // range: the media time the lanes span, {from, to}; live: whether more may come.
  show(state, range, live) {
    this.next = { state, range, live };
    if (this.timer) return;
    const wait = live ? Math.max(0, this.drawnAt + DRAWN_EVERY_MS - performance.now()) : 0;
    if (!wait) this.draw();
    else this.timer = setTimeout(() => { this.timer = 0; this.draw(); }, wait);
  }

  draw() {
    const { state, range, live } = this.next;
    this.drawnAt = performance.now();
    const key = [state.seq, range.from, range.to, live].join();
    if (this.told === key) return;
    this.told = key;
    this.live = live;
    this.appear(state);
    this.boxes?.show(state.footage);
    this.found = lanesOf(state, this.watchers, { until: range.to });
    const text = allSaid(this.found, live);
    if (this.said.textContent !== text) this.said.textContent = text;
    this.lay(range, live);
  }

  // There from the start where somebody is asked to watch; otherwise once something was told.
  appear({ footage, detectors }) {
    if (!this.watchers.some((name) => detectors[name]) && !Object.values(footage).some((kept) => kept.length)) return;
    this.section.hidden = false;
    if (this.boxes) this.boxes.controls.hidden = false;
  }

  lay(range, live) {
    const keys = new Set(this.found.map((lane) => lane.key));
    for (const [key, lane] of this.lanes) {
      if (keys.has(key)) continue;
      lane.remove();
      this.lanes.delete(key);
    }
    for (const lane of this.found) this.lane(lane.key).update(lane, range, live);
  }

  lane(key) {
    if (!this.lanes.has(key)) {
      const list = this.lists[key] ?? this.lists.objects;
      let node = [...list.children].find((child) => child.dataset.seen === key);
      if (!node) {
        node = this.template.content.firstElementChild.cloneNode(true);
        node.dataset.seen = key;
        list.append(node);
      }
      this.lanes.set(key, new SeenLane(node, {
        open: (finding, seconds) => this.open(finding, seconds), seek: (seconds) => this.seek(seconds),
        read: (text) => { this.reading.textContent = text; }, more: (lane) => this.address(lane),
      }));
    }
    return this.lanes.get(key);
  }

  point(seconds) {
    for (const lane of this.lanes.values()) lane.point(seconds);
  }

  // The player shows the very frame; where it cannot, the sheet says which one it shows.
  async open(finding, seconds) {
    this.sheet.show(finding, this.live);
    this.boxes?.choose(finding);
    if (!this.frames || seconds === null) return;
    const shown = await this.frames.show(seconds);
    this.point(this.frames.now);
    if (shown === null) return;
    const same = Math.abs(shown - seconds) <= this.frames.within;
    this.sheet.frame(finding, same ? say("footage.at_frame", { time: exactly(seconds) }) : say("footage.near_frame", { time: exactly(shown), wanted: exactly(seconds) }));
  }

  stops() {
    return stops(this.found);
  }

  address(lane) {
    const query = new URLSearchParams({ camera_id: this.source, event_type: TYPES[lane.key] ?? "tracking" });
    if (lane.name) query.set("object_class", lane.name);
    return `/api/v1/events/?${query}`;
  }
}

const exactly = (seconds) => `${seconds.toFixed(3)} s`;
