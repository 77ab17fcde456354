// The table twin of a lane: bounded, filled when it is opened, rows stay the very nodes they are while it fills.
import { instant } from "../format.js";
import { tag } from "../svg.js";
import { say } from "../words.js";
import { classWord, described, details, named } from "./telling.js";

const ROWS = 100;

export class SeenTable {
  constructor(node, { open, more }) {
    Object.assign(this, { node, open, more, rows: new Map() });
    this.body = node.querySelector("tbody");
    this.note = node.querySelector(".seen-more");
    node.addEventListener("toggle", () => this.fill());
  }

  update(lane, live) {
    Object.assign(this, { lane, live });
    this.fill();
  }

  fill() {
    if (!this.node.open || !this.lane) return;
    const shown = this.lane.findings.slice(0, ROWS);
    const keys = new Set(shown.map((one) => one.key));
    for (const [key, row] of this.rows) if (!keys.has(key)) row.node.remove();
    shown.forEach((finding, at) => this.row(finding, at));
    this.say(shown.length, this.lane.findings.length + this.lane.rest.count);
  }

  row(finding, at) {
    const known = this.rows.get(finding.key);
    const row = known?.node.isConnected ? known : this.make(finding.key);
    row.finding = finding;
    if (this.body.children[at] !== row.node) this.body.insertBefore(row.node, this.body.children[at] ?? null);
    const texts = cellsOf(finding);
    texts.forEach((text, nth) => row.cells[nth].textContent !== text && (row.cells[nth].textContent = text));
    row.cells[0].setAttribute("aria-label", described(finding, this.live));
    row.cells[0].disabled = finding.at === null && finding.picture === null;
  }

  make(key) {
    const node = tag("tr");
    const go = tag("button", { type: "button", class: "small quiet" });
    const first = tag("td");
    first.append(go);
    const cells = [go, ...Array.from({ length: 5 }, () => tag("td"))];
    cells[5].className = "break";
    node.append(first, ...cells.slice(1));
    const row = { node, cells, finding: null };
    go.addEventListener("click", () => this.open(row.finding));
    this.rows.set(key, row);
    return row;
  }

  say(shown, count) {
    const link = tag("a", { href: this.more(this.lane) }, say("footage.all"));
    this.note.replaceChildren(...(count > shown ? [say("footage.table_more", { shown, count }), " "] : []), link);
  }
}

// from, to, type, class, confidence, the rest
function cellsOf(finding) {
  const type = say(`footage.type.${finding.kind}`);
  const what = { track: () => named(finding), mark: () => `${named(finding)}, ${finding.name}`, plate: () => finding.plate, motion: () => "–" }[finding.kind]();
  const confidence = typeof finding.confidence === "number" ? finding.confidence.toFixed(2) : "–";
  const rest = details(finding).slice(typeof finding.confidence === "number" ? 1 : 0);
  if (finding.kind === "mark") rest.unshift(say(`footage.mark.${finding.what}`));
  if (finding.kind === "plate" && finding.track !== null) rest.unshift(say("footage.on", { what: `${classWord(finding.class ?? "")} ${finding.track}` }));
  return [instant(finding.from), finding.to === null ? "…" : instant(finding.to), type, what, confidence, rest.join(", ")];
}
