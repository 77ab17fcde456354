// What was chosen: its sentence, and the picture that was kept of it, fetched only now.
import { tag } from "../svg.js";
import { say } from "../words.js";
import { details, headline } from "./telling.js";

const MISSING = ["disk_full", "not_writable", "gone"];

export class FindingSheet {
  constructor(node, { run, player }) {
    Object.assign(this, { node, run, player, shown: null });
  }

  show(finding, live) {
    this.shown = finding.key;
    const words = tag("div", { class: "finding-words" });
    words.append(tag("p", { class: "break" }, headline(finding, live)));
    const more = details(finding).join(", ");
    if (more) words.append(tag("p", { class: "small soft break" }, more));
    this.at = tag("p", { class: "small finding-at" });
    words.append(this.at, this.link(finding));
    this.node.replaceChildren(this.picture(finding, live), words);
  }

  // Which frame the player shows, once it is known.
  frame(finding, text) {
    if (this.shown === finding.key) this.at.textContent = text;
  }

  link(finding) {
    const line = tag("p", { class: "small row" });
    if (this.player) line.append(tag("a", { href: "#media-stage" }, say("footage.to_player")));
    line.append(tag("a", { href: `/runs/${this.run}/footage/${finding.seq}/` }, say("footage.record")));
    return line;
  }

  picture(finding, live) {
    const place = tag("div", { class: "finding-picture" });
    if (finding.picture !== "kept") {
      const why = MISSING.includes(finding.picture) ? finding.picture : "none";
      place.append(tag("p", { class: "small soft" }, say(`footage.picture_${why}`)));
      return place;
    }
    const address = `/runs/${this.run}/footage/${finding.pictured}/snapshot/`;
    const link = tag("a", { href: address });
    const image = tag("img", { loading: "lazy", src: address, alt: say("footage.picture", { said: headline(finding, live) }) });
    image.addEventListener("error", () => place.replaceChildren(tag("p", { class: "small soft" }, say("footage.picture_gone"))));
    link.append(image);
    place.append(link);
    return place;
  }
}
