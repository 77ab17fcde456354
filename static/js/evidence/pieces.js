// Evidence on the run page: fetched and drawn when it comes into sight. The picture and the links work without this.
import { get } from "../api.js";
import { say } from "../words.js";
import { tag } from "../svg.js";
import { Curves } from "./curves.js";
import { MapControl } from "./map_control.js";
import { Overlay } from "./overlay.js";
import { Spectrogram } from "./spectrogram.js";
import { Strip } from "./strip.js";

const KINDS = { curves: Curves, spectrogram: Spectrogram, map: MapControl, strip: Strip };
const REPLACED = new Set(["curves", "strip"]); // these are drawn anew; the others are laid over their picture
const NEAR = "400px";

export class Pieces {
  constructor(section, { media, seek }) {
    Object.assign(this, { section, seek, state: null, seconds: null });
    this.overlay = media ? new Overlay(media) : null;
    this.drawn = new Map();
    this.sight = new IntersectionObserver((seen) => seen.forEach((one) => one.isIntersecting && this.draw(one.target)), { rootMargin: NEAR });
    // the server's rendering is put in place of the old one whenever something was settled
    new MutationObserver(() => this.look()).observe(section, { childList: true, subtree: true });
    this.look();
  }

  look() {
    for (const figure of this.section.querySelectorAll("[data-plot]:not([data-watched])")) {
      figure.dataset.watched = "yes";
      this.sight.observe(figure);
    }
  }

  async draw(figure) {
    this.sight.unobserve(figure);
    if (figure.dataset.drawn || !KINDS[figure.dataset.plot]) return;
    figure.dataset.drawn = "yes";
    const place = figure.querySelector(".piece-plot");
    place.hidden = false;
    try {
      const piece = await get(`/api/v1/evidence/${figure.id.slice("piece-".length)}/data/`);
      this.put(figure, place, piece);
    } catch {
      place.replaceChildren(tag("p", { class: "small soft" }, say("evidence.failed")));
    }
  }

  put(figure, place, piece) {
    const drawn = new KINDS[piece.plot](place, piece.data, { ...piece, seek: this.seek, figure, overlay: this.overlay });
    figure.querySelector(".piece-picture").hidden = REPLACED.has(piece.plot) && piece.data.whole !== false;
    this.drawn.set(figure, drawn);
    if (this.state) drawn.react?.(this.state);
    drawn.point?.(this.seconds);
  }

  show(state) {
    this.state = state;
    for (const drawn of this.drawn.values()) drawn.react?.(state);
  }

  point(seconds) {
    this.seconds = seconds;
    this.overlay?.follow();
    for (const [figure, drawn] of this.drawn) {
      if (figure.isConnected) drawn.point?.(seconds);
      else this.drawn.delete(figure);
    }
  }

  mediaFailed() {
    this.overlay?.fail();
  }
}
