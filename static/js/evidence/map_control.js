// What switches a map over the picture on and off, and how strongly it covers it.
import { clock } from "../format.js";
import { tag } from "../svg.js";
import { say } from "../words.js";
import { plain } from "./scales.js";

const USUAL = 0.6;

export class MapControl {
  constructor(place, data, { title, overlay }) {
    Object.assign(this, { data, title, overlay });
    place.append(...(overlay ? [this.controls(), this.scale()] : [this.scale()]));
    const marks = this.marks();
    if (marks) place.append(marks);
  }

  controls() {
    const row = tag("div", { class: "row small map-controls" });
    const label = tag("label", { class: "row" });
    this.box = tag("input", { type: "checkbox" });
    const timed = this.overlay.video && this.data.pts_seconds !== null;
    label.append(this.box, tag("span", {}, timed ? say("evidence.over_at", { time: clock(this.data.pts_seconds) }) : say("evidence.over")));
    const strength = tag("label", { class: "row" });
    this.range = tag("input", { type: "range", min: "0.1", max: "1", step: "0.1", value: String(USUAL), disabled: "" });
    strength.append(tag("span", {}, say("evidence.opacity")), this.range);
    this.box.addEventListener("change", () => this.switch());
    this.range.addEventListener("input", () => this.overlay.opacity(this, this.range.value));
    row.append(label, strength);
    this.impossible = tag("span", { class: "soft", hidden: "" }, say("evidence.over_impossible"));
    row.append(this.impossible);
    if (this.overlay.failed) this.cannot();
    else this.overlay.onFail(() => this.cannot());
    return row;
  }

  switch() {
    this.range.disabled = !this.box.checked;
    if (this.box.checked) this.overlay.on(this, this.data, this.title, this.range.value);
    else this.overlay.off(this);
  }

  overOff() {
    this.box.checked = false;
    this.range.disabled = true;
  }

  cannot() {
    this.box.disabled = true;
    this.impossible.hidden = false;
  }

  scale() {
    const { name, unit, low, high } = this.data;
    if (low === high) return tag("p", { class: "small soft" }, say("evidence.flat", { name, value: `${plain(low)} ${unit}`.trim() }));
    const said = say("evidence.scale", { name, low: `${plain(low)} ${unit}`.trim(), high: `${plain(high)} ${unit}`.trim() });
    const gaps = this.data.rows.some((row) => row.includes(null));
    return tag("p", { class: "small soft" }, gaps ? `${said} ${say("evidence.unmeasured")}` : said);
  }

  marks() {
    if (!this.data.marks.length) return null;
    const list = tag("ul", { class: "plain small" });
    for (const { label } of this.data.marks) list.append(tag("li", { class: "break" }, label));
    return list;
  }
}
