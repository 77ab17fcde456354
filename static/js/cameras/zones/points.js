// The points of the chosen outline as a table of numbers: everything the picture can do, without the picture.
import { tag } from "../../svg.js";
import { say } from "../../words.js";
import { canShrink } from "./outlines.js";

// told: {point(nth), place(nth, axis, value), drop(nth)}; rows stay the nodes they are while their numbers change.
export class Points {
  constructor(body, told) {
    Object.assign(this, { body, told });
  }

  show(outline, chosen) {
    const rows = [...this.body.children];
    if (rows.length !== outline.points.length) this.make(outline);
    outline.points.forEach((point, nth) => this.fill(this.body.children[nth], outline, point, nth === chosen));
  }

  make(outline) {
    const focused = [...this.body.children].findIndex((row) => row.contains(document.activeElement));
    this.body.replaceChildren(...outline.points.map((_, nth) => this.row(nth)));
    if (focused >= 0) this.body.children[Math.min(focused, outline.points.length - 1)]?.querySelector("input").focus();
  }

  row(nth) {
    const row = tag("tr");
    const head = tag("th", { scope: "row" });
    const choose = tag("button", { type: "button", class: "small quiet" }, say("zones.point", { number: nth + 1 }));
    choose.addEventListener("click", () => this.told.point(nth));
    head.append(choose);
    row.append(head, ...["x", "y"].map((axis, at) => this.cell(nth, axis, at)), this.dropper(nth));
    row.addEventListener("focusin", () => this.told.point(nth));
    return row;
  }

  cell(nth, axis, at) {
    const cell = tag("td");
    const input = tag("input", { type: "number", min: "0", max: "1", step: "0.005", "aria-label": say(`zones.${axis}`, { number: nth + 1 }) });
    input.addEventListener("input", () => input.value !== "" && this.told.place(nth, at, input.valueAsNumber));
    input.addEventListener("change", () => this.told.place(nth, at, input.valueAsNumber));
    cell.append(input);
    return cell;
  }

  dropper(nth) {
    const cell = tag("td");
    const button = tag("button", { type: "button", class: "small", "aria-label": say("zones.drop", { number: nth + 1 }) }, say("zones.delete"));
    button.addEventListener("click", () => this.told.drop(nth));
    cell.append(button);
    return cell;
  }

  fill(row, outline, point, chosen) {
    row.classList.toggle("chosen", chosen);
    const inputs = row.querySelectorAll("input");
    point.forEach((value, at) => {
      const input = inputs[at];
      // what is being typed stays as it is typed
      if (input.valueAsNumber !== value) input.value = String(value);
    });
    const [drop] = [...row.querySelectorAll("button")].slice(-1);
    drop.hidden = !canShrink(outline);
  }
}
