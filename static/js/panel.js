// The status panel: what of yours is under way, on every page, until it has ended.
import { get } from "./api.js";
import { OPEN_WITHIN_MS, socketAddress } from "./live.js";
import { empty, ended, gone, idle, jobEntry, knows, listed, progressed, reported, share, unlisted } from "./panel_state.js";
import { announce, said, say } from "./words.js";

const POLL_MS = 5_000;
const SOCKET_AGAIN_MS = [1_000, 2_000, 5_000, 15_000, 30_000];
const SILENT_MS = 40_000;
const ENDED_SHOWN_MS = 8_000;
const SIGNED_OUT = 4001;
const NOT_ALLOWED = 4003;
const $ = (id) => document.getElementById(id);

export class Panel {
  constructor() {
    this.state = empty();
    this.failures = 0;
    this.frame = 0;
    this.leaving = new Set();
  }

  start() {
    $("panel-fold").addEventListener("click", () => this.fold());
    this.chosen = remembered() !== null;
    this.setFolded(remembered() === "folded");
    this.refresh();
    this.connect();
    addEventListener("online", () => this.connect());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.connect());
  }

  connect() {
    if (this.socket || this.final) return;
    clearTimeout(this.retry);
    const socket = new WebSocket(socketAddress("/ws/user/"));
    this.socket = socket;
    socket.onmessage = ({ data }) => this.hear(JSON.parse(data));
    socket.onclose = ({ code }) => this.closed(socket, code);
    // a network that swallows everything never closes it
    this.watch(socket, OPEN_WITHIN_MS);
  }

  watch(socket, ms = SILENT_MS) {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.closed(socket, 0), ms);
  }

  hear(frame) {
    this.watch(this.socket);
    if (frame.type === "snapshot") {
      this.failures = 0;
      this.stopPolling();
      this.refresh();
    } else if (frame.type === "progress_update") this.progress(frame);
    else if (frame.type === "media_update" || frame.type === "processing_error") this.refreshSoon();
  }

  progress(frame) {
    if (frame.jobId !== undefined) this.jobProgress(frame);
    else this.runProgress(frame);
  }

  jobProgress({ topic, message, data }) {
    if (!knows(this.state, topic)) {
      this.refreshSoon();
      return;
    }
    const stalled = data.details?.phase === "stalled";
    this.state = reported(this.state, { topic, done: data.progress, total: data.total, message, stalled });
    this.drawSoon();
  }

  runProgress({ runId, message, data }) {
    if (!knows(this.state, runId)) {
      this.refreshSoon();
      return;
    }
    this.state = progressed(this.state, { run: runId, model: data.model_name, done: data.progress, total: data.total, message });
    this.drawSoon();
  }

  closed(socket, code) {
    if (socket !== this.socket) return;
    this.socket = null;
    clearTimeout(this.silence);
    if (socket.readyState < 2) socket.close();
    this.final = code === NOT_ALLOWED;
    if (code === SIGNED_OUT) this.askWhetherSignedIn();
    else if (!this.final) this.again();
  }

  // That sign-in has ended, but another tab may have signed in since.
  async askWhetherSignedIn() {
    try {
      await underWay();
    } catch (problem) {
      this.final = problem.status === 401;
    }
    if (!this.final) this.again();
  }

  again() {
    this.retry = setTimeout(() => this.connect(), SOCKET_AGAIN_MS[Math.min(this.failures, SOCKET_AGAIN_MS.length - 1)]);
    this.failures += 1;
    if (this.failures > 1) this.startPolling();
  }

  startPolling() {
    if (this.polling) return;
    $("panel-note").textContent = say("panel.polling");
    $("panel-note").hidden = false;
    this.polling = setInterval(() => this.refresh(), POLL_MS);
  }

  stopPolling() {
    clearInterval(this.polling);
    this.polling = null;
    $("panel-note").hidden = true;
  }

  refreshSoon() {
    this.refreshing ??= setTimeout(() => {
      this.refreshing = null;
      this.refresh();
    }, 150);
  }

  async refresh() {
    try {
      const runs = await underWay();
      // Lists are pages, and a run may change its state between two of them: what is on none is asked for itself.
      const others = await Promise.all(unlisted(this.state, runs).map((id) => stateOf(this.state.entries[id])));
      this.state = listed(this.state, [...runs, ...others]);
      ended(this.state).forEach((id) => this.leave(id, others.find((run) => run.id === id)));
      this.drawSoon();
    } catch {
      // the server is away: the next try follows
    }
  }

  leave(id, run) {
    if (this.leaving.has(id)) return;
    this.leaving.add(id);
    const what = said(run) || run?.error || say(run?.state ? `state.${run.state}` : "panel.ended");
    this.state.entries[id] = { ...this.state.entries[id], message: what };
    if (!this.here(id)) announce(endingOf(this.state.entries[id], what));
    setTimeout(() => {
      this.leaving.delete(id);
      if (!knows(this.state, id)) this.state = gone(this.state, id);
      this.drawSoon();
    }, ENDED_SHOWN_MS);
  }

  // The page of a run or a job shows more than an entry could.
  here(id) {
    return location.pathname === this.state.entries[id].href;
  }

  drawSoon() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  draw() {
    const shown = this.state.order.filter((id) => !this.here(id));
    if (!this.chosen) this.place(shown.map((id) => this.state.entries[id]));
    $("panel").hidden = shown.length === 0;
    document.body.classList.toggle("has-panel", shown.length > 0);
    $("panel-count").textContent = `(${shown.length})`;
    const list = $("panel-runs");
    for (const item of [...list.children]) if (!shown.includes(item.dataset.run)) item.remove();
    for (const id of shown) this.drawEntry(list, this.state.entries[id]);
  }

  // Folded on a phone, and while all there is waits: open it would lie over what is being read. Open when work
  // begins; what is open already is not folded under somebody's eyes.
  place(entries) {
    const phone = matchMedia("(max-width: 44rem)").matches;
    const still = entries.every(idle);
    if ($("panel").hidden || !still) this.setFolded(phone || still);
  }

  drawEntry(list, entry) {
    let item = list.querySelector(`[data-run="${entry.run}"]`);
    if (!item) {
      item = $("panel-entry").content.firstElementChild.cloneNode(true);
      item.dataset.run = entry.run;
      item.querySelector("a").href = entry.href;
      list.append(item);
    }
    item.dataset.state = entry.state;
    item.querySelector(".panel-file").textContent = entry.filename ?? say("panel.unknown");
    const part = share(entry);
    const bar = item.querySelector("progress");
    bar.setAttribute("aria-label", entry.filename ?? "");
    if (entry.state === "ended") bar.value = 1;
    else if (entry.state === "queued") bar.value = 0;
    else if (part === null) bar.removeAttribute("value");
    else bar.value = part;
    item.querySelector(".panel-text").textContent = text(entry, part);
  }

  fold() {
    const folded = !$("panel-body").hidden;
    this.setFolded(folded);
    this.chosen = true;
    try { sessionStorage.setItem("assay.panel", folded ? "folded" : "open"); } catch { /* for this page only */ }
  }

  setFolded(folded) {
    $("panel-body").hidden = folded;
    $("panel-fold").setAttribute("aria-expanded", String(!folded));
  }
}

// What the lists say is under way of the reader's own.
async function underWay() {
  const list = async (state) => (await get(`/api/v1/runs/?state=${state}&page_size=200`)).results;
  // queued before running: a run that starts in between is then on both lists
  const queued = await list("queued");
  const running = await list("running");
  const started = new Set(running.map((run) => run.id));
  const runs = [...running, ...queued.filter((run) => !started.has(run.id))];
  const jobs = (await get("/api/v1/jobs/?open=true&page_size=200")).results;
  return [...runs.filter((run) => run.owner === document.body.dataset.email), ...jobs.map(jobEntry)];
}

// A deleted run or job has no state any more.
async function stateOf({ run: id, job }) {
  const asked = job === null ? get(`/api/v1/runs/${id}/`) : get(`/api/v1/jobs/${encodeURIComponent(job)}/`).then(jobEntry);
  return asked.catch((problem) => {
    if (problem.status !== 404) throw problem;
    return { id, state: null };
  });
}

function endingOf({ job, filename }, sentence) {
  return job === null ? say("run.ended", { file: filename ?? say("panel.unknown"), sentence }) : say("job.ended", { job, sentence });
}

function text(entry, part) {
  if (entry.state === "ended") return entry.message || say("panel.ended");
  if (entry.state === "queued") return say("panel.queued");
  if (entry.state === "stalled") return say("panel.stalled", { percent: Math.floor(part * 100) });
  const percent = part === null ? say("panel.running") : say("panel.of", { percent: Math.floor(part * 100) });
  return entry.message ? `${percent} · ${entry.message}` : percent;
}

function remembered() {
  try {
    return sessionStorage.getItem("assay.panel");
  } catch {
    return null;
  }
}
