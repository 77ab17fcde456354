// One question about a score and its answer, in the frame the server rendered for it.
import { clock } from "../format.js";
import { tag } from "../svg.js";
import { say } from "../words.js";
import { painted } from "./overlay.js";
import { difference, exact, isOpen, standing } from "./questions.js";

// "4.200 s, face 0" or "the file as a whole"
export function placeOf({ pts_seconds, track }) {
  if (pts_seconds === null) return say("trace.whole");
  const time = pts_seconds.toFixed(3);
  return track === null ? say("trace.moment", { time }) : say("trace.moment_face", { time, track });
}

export class TraceSheet {
  constructor(template, trace, { seek, cancel }) {
    this.seek = seek;
    this.node = template.content.firstElementChild.cloneNode(true);
    this.node.id = `trace-${trace.id}`;
    this.part("what").textContent = say("trace.asked", { what: say(`trace.${trace.purpose}`), place: placeOf(trace) });
    this.button = this.part("cancel"); // missing for those who may only watch
    this.button?.addEventListener("click", () => this.stop(() => cancel(trace.id)));
    this.part("data").href = `/api/v1/traces/${trace.id}/`;
    this.show(trace);
  }

  part(name) {
    return this.node.querySelector(`[data-part="${name}"]`);
  }

  show(trace) {
    const { word, icon, loud } = standing(trace);
    this.node.dataset.state = trace.state;
    this.node.dataset.comparison = trace.answer?.comparison ?? "";
    this.node.classList.toggle("loud", loud);
    this.node.classList.toggle("busy", isOpen(trace));
    const use = this.node.querySelector("summary use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${icon}`));
    use.parentNode.classList.toggle("turning", trace.state === "running");
    this.part("word").textContent = say(`trace.${word}`);
    this.part("sentence").textContent = trace.answer?.sentence ?? trace.error ?? say(`trace.${word}_long`);
    if (this.button) this.offer(isOpen(trace));
    if (loud) this.node.open = true;
    if (trace.answer && !this.answered) this.answer(trace);
  }

  // Whoever stands on the button when it goes finds the keyboard at the head of the sheet.
  offer(open) {
    if (!open && document.activeElement === this.button) this.node.querySelector("summary").focus();
    this.button.hidden = !open;
  }

  // The worker that has the question stops within seconds: until then the button says so, and asks no second time.
  async stop(cancel) {
    if (this.stopping) return;
    this.label("cancelling", { stopping: true });
    if (!(await cancel())) this.label("cancel", { stopping: false });
  }

  label(word, { stopping }) {
    this.stopping = stopping;
    this.button.setAttribute("aria-disabled", String(stopping));
    this.button.querySelector("span").textContent = say(`trace.${word}`);
  }

  answer(trace) {
    this.answered = true;
    const { answer } = trace;
    this.fact("recorded", exact(answer.recorded));
    this.fact("recomputed", exact(answer.recomputed));
    this.fact("difference", say("trace.difference", { difference: difference(answer.difference), tolerance: String(answer.tolerance) }));
    this.fact("changes", ...answer.changes.map((change) => tag("p", {}, change)));
    this.fact("place", ...this.place(answer.place));
    this.fact("preprocessing", answer.detector.preprocessing);
    const { then, now } = answer.detector;
    this.fact("version", this.both(then.version, now.version));
    this.fact("weights", this.digests(then.weights_sha256, now.weights_sha256));
    this.fact("file", this.digests(answer.file.sha256_then, answer.file.sha256_now));
    this.part("answer").hidden = false;
    this.pictures(trace);
  }

  // A fact without a value leaves its row out.
  fact(name, ...content) {
    const place = this.part(name);
    const said = content.filter(Boolean);
    place.hidden = place.previousElementSibling.hidden = !said.length;
    place.replaceChildren(...said);
  }

  place(place) {
    if (!place) return [];
    const { pts_seconds, sample_index: index, window_seconds: window } = place;
    const time = say("trace.seconds", { time: pts_seconds.toFixed(3) });
    const there = this.seek
      ? tag("button", { type: "button", class: "small", "data-seek": String(pts_seconds), title: clock(pts_seconds) }, time)
      : tag("span", {}, time);
    const parts = [index === null ? "" : say("trace.sample", { index }), window ? say("trace.window", { begins: window[0].toFixed(3), ends: window[1].toFixed(3) }) : ""];
    return [there, ...parts.filter(Boolean).map((text) => ` ${text}`)];
  }

  both(then, now) {
    return then === now ? tag("span", {}, say("trace.same", { value: then })) : tag("strong", {}, say("trace.then_now", { then, now }));
  }

  digests(then, now) {
    if (!then && !now) return null;
    return this.both(then ?? "–", now ?? "–");
  }

  pictures({ answer, evidence }) {
    const crop = evidence.find((piece) => piece.kind === "crop" || piece.kind === "window");
    if (!crop) return;
    this.part("figure").hidden = false;
    // the map covers what the net was given, which is not always all of the piece
    const ground = (answer.map && evidence.find((piece) => piece.kind === "ground")) || crop;
    const picture = this.part("picture");
    picture.src = ground.address;
    picture.alt = `${ground.title}: ${ground.caption}`;
    this.part("legend").textContent = `${ground.title}. ${ground.caption}`;
    if (answer.map) this.map(answer.map, evidence.find((piece) => piece.kind === "heatmap"));
  }

  map(map, drawn) {
    const [over, switched, strength] = [this.part("over"), this.part("switch"), this.part("opacity")];
    Object.assign(over, { width: map.columns, height: map.rows });
    over.getContext("2d").putImageData(new ImageData(painted({ rows: map.values, low: 0, high: 1 }), map.columns, map.rows), 0, 0);
    const set = () => {
      over.hidden = strength.disabled = !switched.checked;
      over.style.opacity = strength.value;
    };
    switched.addEventListener("change", set);
    strength.addEventListener("input", set);
    set();
    this.part("caption").textContent = map.caption;
    this.part("method").textContent = map.method;
    this.part("map-link").href = drawn?.address ?? "";
    this.part("map-link").hidden = !drawn;
    this.part("map").hidden = false;
  }
}
