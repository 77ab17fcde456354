// A spectrogram's marked stretches as buttons over its picture and in words below it; a press takes the player there.
import { tag } from "../svg.js";
import { say } from "../words.js";

// Where a stretch lies along the plane, in 0–1 of the picture: [left, width]. Pure.
export function placed(data, span) {
  const [left, , right] = data.plane;
  const length = data.ends_seconds - data.begins_seconds || 1;
  const share = (seconds) => Math.min(1, Math.max(0, (seconds - data.begins_seconds) / length));
  const from = left + share(span.begins) * (right - left);
  return [from, left + share(span.ends) * (right - left) - from];
}

export class Spectrogram {
  constructor(place, data, { seek, figure }) {
    Object.assign(this, { data, seek });
    const picture = figure.querySelector(".piece-picture");
    this.over = tag("div", { class: "spectrogram-over" });
    const [left, top, right, bottom] = data.plane;
    this.cursor = tag("span", { class: "spectrogram-cursor", hidden: "" });
    for (const span of data.spans) this.over.append(this.button(span));
    this.over.append(this.cursor);
    Object.assign(this.cursor.style, { insetBlockStart: `${top * 100}%`, blockSize: `${(bottom - top) * 100}%` });
    picture.querySelector("a").append(this.over);
    picture.classList.add("with-spans");
    if (seek) picture.addEventListener("click", (event) => this.press(event, picture, left, right));
    place.append(this.list());
  }

  button(span) {
    const [left, wide] = placed(this.data, span);
    const [, top, , bottom] = this.data.plane;
    const mark = tag("span", { class: "spectrogram-span", title: this.said(span), "aria-hidden": "true" });
    Object.assign(mark.style, {
      left: `${left * 100}%`, width: `${Math.max(wide * 100, 0.4)}%`, top: `${top * 100}%`, height: `${(bottom - top) * 100}%`,
    });
    return mark;
  }

  said(span) {
    const seconds = (value) => `${value.toFixed(2)} s`;
    return say("evidence.span", { begins: seconds(span.begins), ends: seconds(span.ends), label: span.label });
  }

  // The same in words; these are what keyboards and screen readers reach.
  list() {
    if (!this.data.spans.length) return tag("p", { class: "small soft" }, say("evidence.nothing_marked"));
    const list = tag("ul", { class: "plain row small marked-list" });
    for (const span of this.data.spans) {
      const item = tag("li");
      item.append(this.seek ? tag("button", { type: "button", class: "small", "data-seek": String(span.begins) }, this.said(span)) : tag("span", {}, this.said(span)));
      list.append(item);
    }
    return list;
  }

  press(event, picture, left, right) {
    const box = picture.querySelector("img").getBoundingClientRect();
    const share = ((event.clientX - box.left) / box.width - left) / (right - left);
    // beside the plane, and with a key held, the link opens the picture as links do; so does Enter, which has no place
    if (share < 0 || share > 1 || event.ctrlKey || event.metaKey || event.shiftKey || event.detail === 0) return;
    event.preventDefault();
    const at = this.data.begins_seconds + share * (this.data.ends_seconds - this.data.begins_seconds);
    const span = this.data.spans.find(({ begins, ends }) => begins <= at && at <= ends);
    this.seek(span ? span.begins : at);
  }

  point(seconds) {
    const { begins_seconds: begins, ends_seconds: ends } = this.data;
    this.cursor.hidden = seconds === null || seconds < begins || seconds > ends;
    if (!this.cursor.hidden) this.cursor.style.left = `${placed(this.data, { begins: seconds, ends: seconds })[0] * 100}%`;
  }
}
