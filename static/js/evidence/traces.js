// Scores on record, computed once more when somebody asks: the questions under each detector, and their answers.
import { get, post } from "../api.js";
import { tag } from "../svg.js";
import { announce, say } from "../words.js";
import { choices, exact, isOpen, keyOf, merged, questionOf, standing } from "./questions.js";
import { placeOf, TraceSheet } from "./trace_sheet.js";
import { Waiting } from "./waiting.js";

const NOTHING = { points: [], assessment: null };

export class Traces {
  constructor(section, { run, template, seek }) {
    Object.assign(this, { section, run, template, seek, state: null, known: [] });
    this.panels = new Map();
    this.waiting = new Waiting({ get, tell: (trace) => this.take(trace), lost: (id) => this.lose(id) });
    section.addEventListener("evidence:read", (event) => this.read(event));
    // the server's rendering is put in place of the old one whenever something was settled
    new MutationObserver(() => this.look()).observe(section, { childList: true, subtree: true });
    this.look();
    this.recall();
  }

  look() {
    for (const node of this.section.querySelectorAll(".traces:not([data-drawn])")) {
      node.dataset.drawn = "yes";
      const panel = new Panel(node, this);
      this.panels.set(node.dataset.detector, panel);
      if (this.state) panel.react(this.state);
      panel.list(this.of(panel.detector));
    }
  }

  of(detector) {
    return this.known.filter((trace) => trace.detector === detector);
  }

  async recall() {
    try {
      const { results } = await get(`/api/v1/runs/${this.run}/traces/`);
      this.known = merged(this.known, results);
    } catch {
      return; // the live note says that the server is away
    }
    for (const trace of this.known.filter(isOpen)) this.waiting.follow(trace.id);
    for (const panel of this.panels.values()) panel.list(this.of(panel.detector));
  }

  async ask(purpose, question) {
    const trace = await post(`/api/v1/runs/${this.run}/${purpose}/`, question);
    this.take(trace, { asked: true });
    this.waiting.follow(trace.id);
  }

  // Where it had ended meanwhile, the page learns how.
  async cancel(id) {
    try {
      await post(`/api/v1/runs/${id}/cancel/`, {});
    } finally {
      this.waiting.follow(id);
    }
  }

  take(trace, { asked = false } = {}) {
    this.known = merged(this.known, [trace]);
    this.panels.get(trace.detector)?.list(this.of(trace.detector), asked ? trace.id : null);
    if (asked || isOpen(trace)) return;
    announce(say("trace.told", { place: placeOf(trace), word: say(`trace.${standing(trace).word}`), sentence: trace.answer?.sentence ?? trace.error ?? "" }));
  }

  lose(id) {
    const lost = this.known.find((trace) => trace.id === id);
    this.known = this.known.filter((trace) => trace.id !== id);
    if (lost) this.panels.get(lost.detector)?.list(this.of(lost.detector));
  }

  read({ target, detail }) {
    const name = detail.detector ?? target.closest("[data-detector]")?.dataset.detector;
    this.panels.get(name)?.read(detail);
  }

  show(state) {
    this.state = state;
    for (const panel of this.panels.values()) panel.react(state);
  }
}

// What can be asked of one detector, and what was.
class Panel {
  constructor(node, traces) {
    Object.assign(this, { node, traces, detector: node.dataset.detector, moment: null, row: NOTHING });
    this.sheets = new Map();
    this.choice = node.querySelector("select"); // missing for those who may only watch
    this.problem = node.querySelector(".trace-problem");
    this.choice?.addEventListener("change", () => this.fit());
    for (const button of node.querySelectorAll("[data-ask]")) button.addEventListener("click", () => this.ask(button));
    node.hidden = true; // until there is a score to ask about, or an answer
    this.offer("");
  }

  react(state) {
    const row = state.detectors[this.detector] ?? NOTHING;
    if (row === this.row) return;
    this.row = row;
    this.offer(this.choice?.value ?? "");
  }

  // Somebody read a moment in a chart, or pressed a face: that score is the one to ask about.
  read(moment) {
    this.moment = moment;
    const there = choices(this.row, moment).find((one) => one.pts_seconds !== null);
    this.offer(there ? keyOf(there) : "");
  }

  offer(chosen) {
    if (!this.choice) return;
    this.choices = choices(this.row, this.moment);
    this.node.hidden = !this.choices.length && !this.sheets.size;
    const options = this.choices.map((one) => {
      const text = say("trace.choice", { place: placeOf(one), score: exact(one.score) });
      return tag("option", { value: keyOf(one) }, text);
    });
    this.choice.replaceChildren(...options);
    if (this.choices.some((one) => keyOf(one) === chosen)) this.choice.value = chosen;
    this.fit();
  }

  get chosen() {
    return this.choices.find((one) => keyOf(one) === this.choice.value);
  }

  // A map belongs to one moment: the file as a whole has none.
  fit() {
    for (const button of this.node.querySelectorAll("[data-ask]")) {
      button.disabled = !this.chosen || (button.dataset.ask === "heatmap" && this.chosen.pts_seconds === null);
    }
  }

  async ask(button) {
    this.problem.hidden = true;
    button.disabled = true;
    try {
      await this.traces.ask(button.dataset.ask, questionOf(this.detector, this.chosen));
    } catch (problem) {
      this.complain(problem, "trace.unheard");
    }
    this.fit();
    button.focus();
  }

  // True once the server knows that nobody wants the answer, or has given it.
  async cancel(id) {
    this.problem.hidden = true;
    try {
      await this.traces.cancel(id);
    } catch (problem) {
      if (problem.code === "already_ended") return true;
      this.complain(problem, "trace.cancel_unheard");
      return false;
    }
    return true;
  }

  complain(problem, unheard) {
    this.problem.querySelector("p").textContent = problem.status ? problem.message : say(unheard);
    this.problem.hidden = false;
  }

  // Sheets stay the nodes they are; what is new stands first, and is open when it was asked for here.
  list(traces, asked = null) {
    const place = this.node.querySelector(".trace-list");
    for (const [id, sheet] of this.sheets) if (!traces.some((trace) => trace.id === id)) this.drop(id, sheet);
    for (const trace of [...traces].reverse()) {
      const sheet = this.sheets.get(trace.id);
      if (sheet) sheet.show(trace);
      else this.add(trace, place);
    }
    if (asked) this.sheets.get(asked).node.open = true;
    if (traces.length) this.node.hidden = false;
  }

  add(trace, place) {
    const sheet = new TraceSheet(this.traces.template, trace, { seek: this.traces.seek, cancel: (id) => this.cancel(id) });
    this.sheets.set(trace.id, sheet);
    const after = [...place.children].find((node) => node.dataset.created < trace.created) ?? null;
    sheet.node.dataset.created = trace.created;
    if (isOpen(trace)) sheet.node.open = true;
    place.insertBefore(sheet.node, after);
  }

  drop(id, sheet) {
    sheet.node.remove();
    this.sheets.delete(id);
  }
}
