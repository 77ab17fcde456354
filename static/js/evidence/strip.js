// The faces over time: a row per face, its crops in order with the score of a chosen detector, and gaps between them.
import { clock } from "../format.js";
import { element, tag } from "../svg.js";
import { say } from "../words.js";
import { scoreOf } from "./scales.js";

const RAISED = 0.5;
const SIDE = 64;

// Crops and gaps of a track in order: [{face} | {gap}, …]. Pure.
export function sequence(track) {
  const faces = track.faces.map((face) => ({ at: face.pts_seconds, face }));
  const gaps = track.gaps.map((gap) => ({ at: gap.begins + 1e-6, gap }));
  return [...faces, ...gaps].sort((one, other) => one.at - other.at);
}

// Gaps that follow each other with no shown crop between them are told as one, with their number of seconds. Pure.
export function told(track) {
  const parts = [];
  for (const part of sequence(track)) {
    const last = parts.at(-1);
    if (part.gap && last?.seconds) last.seconds += part.gap.ends - part.gap.begins;
    else parts.push(part.gap ? { seconds: part.gap.ends - part.gap.begins, at: part.gap.begins } : part);
  }
  return parts;
}

export class Strip {
  constructor(place, data, { seek, address }) {
    Object.assign(this, { data, seek, address, crops: [] });
    this.choice = tag("select");
    this.choice.addEventListener("change", () => this.mark());
    const label = tag("label", { class: "row small strip-choice" });
    label.append(tag("span", {}, say("evidence.scores_by")), this.choice);
    place.append(label, ...data.tracks.map((track) => this.row(track)));
    if (data.tracks_left_out) place.append(tag("p", { class: "small soft" }, say("evidence.tracks_left_out", { count: data.tracks_left_out })));
  }

  row(track) {
    const seen = { frames: track.frames, begins: clock(track.begins_seconds), ends: clock(track.ends_seconds) };
    const row = tag("section", { class: "strip-row" });
    const head = tag("h4", { class: "strip-head" }, say("evidence.track", track));
    head.append(tag("span", { class: "small soft" }, ` ${track.frames === 1 ? say("evidence.track_once") : say("evidence.track_seen", seen)}`));
    const list = tag("ol", { class: "plain strip-crops scroll", tabindex: "0", "aria-label": say("evidence.track", track) });
    for (const part of told(track)) list.append(part.face ? this.crop(track, part.face) : this.gap(part));
    row.append(head, list);
    return row;
  }

  gap({ seconds }) {
    return tag("li", { class: "strip-gap small soft" }, say("evidence.crop_gap", { seconds: seconds.toFixed(1) }));
  }

  crop(track, face) {
    const item = tag("li");
    const button = tag(this.seek ? "button" : "div", { class: "crop", ...(this.seek ? { type: "button", "data-seek": String(face.pts_seconds) } : {}) });
    button.append(this.picture(face), tag("span", { class: "crop-time" }, `${face.pts_seconds.toFixed(1)} s`));
    const score = tag("span", { class: "crop-score" });
    button.append(score);
    this.crops.push({ button, score, track: track.track, face });
    button.addEventListener("click", () => this.tell(button, track, face));
    item.append(button);
    return item;
  }

  // Whose score of this face is shown can be asked about it.
  tell(button, { track }, { pts_seconds: seconds }) {
    const detail = { seconds, track, detector: this.choice.value };
    button.dispatchEvent(new CustomEvent("evidence:read", { bubbles: true, detail }));
  }

  // The part of the one picture that holds all crops.
  picture({ tile: [left, top, right, bottom] }) {
    const wide = SIDE / (right - left);
    const high = SIDE / (bottom - top);
    const svg = element("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, width: SIDE, height: SIDE, "aria-hidden": "true" });
    element("image", { href: this.address, width: wide, height: high, x: -left * wide, y: -top * high, preserveAspectRatio: "none" }, svg);
    return svg;
  }

  react(state) {
    this.state = state;
    const rows = state.order.map((name) => state.detectors[name]).filter((row) => row.points.some((point) => point[1] !== null && point[2] !== null && point[2] !== undefined));
    const names = rows.map((row) => row.name).join();
    if (names !== this.names) this.offer(rows, names);
    this.mark();
  }

  offer(rows, names) {
    this.names = names;
    const chosen = this.choice.value;
    this.choice.replaceChildren(...rows.map((row) => tag("option", { value: row.name }, row.title)));
    if (!rows.length) this.choice.append(tag("option", { value: "" }, say("evidence.no_scores")));
    if (rows.some((row) => row.name === chosen)) this.choice.value = chosen;
  }

  mark() {
    const points = this.state?.detectors[this.choice.value]?.points ?? [];
    for (const { button, score, track, face } of this.crops) {
      const value = scoreOf(points, track, face.pts_seconds);
      const said = value === null ? say("evidence.crop_unscored") : say("evidence.crop_score", { score: value.toFixed(2) });
      const raised = value !== null && value >= RAISED;
      button.classList.toggle("raised", raised);
      score.textContent = value === null ? "–" : `${raised ? "▲ " : ""}${value.toFixed(2)}`;
      const all = raised ? `${said}, ${say("evidence.crop_raised")}` : said;
      button.setAttribute("aria-label", say("evidence.crop", { track, time: `${face.pts_seconds.toFixed(1)} s`, score: all }));
    }
  }
}
