// The run page: the fold of the topic on the left, the server's own rendering for everything that is settled.
import { get, toSignIn } from "./api.js";
import { ClosingProof } from "./closing.js";
import { Boxes } from "./footage/boxes.js";
import { lastSeen } from "./footage/findings.js";
import { Footage } from "./footage/footage.js";
import { Frames } from "./footage/frames.js";
import { Pieces } from "./evidence/pieces.js";
import { Traces } from "./evidence/traces.js";
import { Lanes } from "./lanes.js";
import { withToken } from "./forms.js";
import { LiveTopic, socketAddress } from "./live.js";
import { listenToRunKeys } from "./run_keys.js";
import { EMPTY, endedOf, fold, isEnding, underWay } from "./run_state.js";
import { refreshSettled } from "./settled.js";
import { listenToTrail } from "./trail.js";
import { announce, said, say } from "./words.js";

const SETTLED = /^(run\.(?!progressed)|detector\.(?!started)|stress\.|variant\.)/;
const STALLED_AFTER_S = 30;
const CANCEL_WITHIN_MS = 15_000;
const $ = (id) => document.getElementById(id);
const given = JSON.parse($("run-data").textContent);

let state = given.state ?? EMPTY;
let heardAt = Date.now();
let frame = 0;

const player = document.querySelector("video#media, audio#media");
const boxes = given.kind === "audio" ? null : new Boxes($("media"), $("boxes-controls"));
const frames = given.kind === "video" ? new Frames(player, given.fps, (seconds) => boxes.at(seconds, frames.within)) : null;
const lanes = new Lanes($("lanes"), $("lane-template"), {
  duration: given.duration,
  watchers: given.watchers,
  seek: (seconds) => player && (player.currentTime = seconds),
});
const footage = given.kind === "audio" ? null : new Footage($("footage"), {
  run: given.run,
  source: `media:${given.media}`,
  watchers: given.watchers,
  frames,
  boxes,
  seek: (seconds) => player && (player.currentTime = seconds),
});

const pieces = new Pieces($("evidence"), {
  media: $("media"),
  seek: player ? (seconds) => (player.currentTime = seconds) : null,
});

const traces = new Traces($("evidence"), { run: given.run, template: $("trace-template"), seek: Boolean(player) });

function draw() {
  frame = 0;
  lanes.show(state, lastSeen(state.footage));
  footage?.show(state, { from: 0, to: lanes.duration }, underWay(state));
  pieces.show(state);
  traces.show(state);
  showStages();
  showState();
}

const drawSoon = () => { frame ||= requestAnimationFrame(draw); };

function showStages() {
  const list = $("stages");
  for (const item of [...list.children]) if (!state.stages.some((stage) => stage.stage === item.dataset.stage)) item.remove();
  for (const stage of state.stages) {
    const item = list.querySelector(`[data-stage="${stage.stage}"]`) ?? newStage(list, stage.stage);
    item.dataset.state = stage.state;
    item.querySelector(".stage-took").textContent = stage.seconds === null ? "" : `${stage.seconds.toFixed(1)} s`;
  }
}

function newStage(list, name) {
  const item = $("stage-template").content.firstElementChild.cloneNode(true);
  item.dataset.stage = name;
  item.querySelector(".stage-name").textContent = say(`stage.${name}`);
  list.append(item);
  return item;
}

function showState() {
  const under = underWay(state);
  document.body.classList.toggle("busy", under);
  $("run-page").dataset.state = state.state;
  $("state-word").textContent = say(`state.${state.state}`);
  const use = $("state-icon").querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${state.state}`));
  $("state-icon").classList.toggle("turning", state.state === "running");
  for (const node of document.querySelectorAll("[data-while]")) node.hidden = (node.dataset.while === "under-way") !== under;
  const note = state.state === "queued" ? (state.retried ? say("run.retried", { reason: state.retried }) : say("run.queued"))
    : state.state === "running" ? say("run.preliminary", endedOf(state)) : "";
  if (!$("run-note").dataset.stalled) $("run-note").textContent = note;
}

function onEvents(events) {
  heardAt = Date.now();
  delete $("run-note").dataset.stalled;
  state = events.reduce(fold, state);
  proof.take(events);
  drawSoon();
  if (events.some((event) => SETTLED.test(event.type))) refreshSettled();
  const ending = events.findLast((event) => isEnding(event.type));
  if (ending) announce(say("run.ended", { file: given.file, sentence: said(ending.data) ?? ending.data.error ?? say(`state.${state.state}`) }));
}

function onMode(mode) {
  const note = $("live-note");
  note.hidden = mode === "open" || mode === "connecting";
  note.querySelector("p").textContent = say(`live.${mode}`);
  $("run-page").dataset.live = mode;
  if (mode === "signed_out") toSignIn();
  if (mode === "reset") location.reload();
}

async function watchForStalls() {
  const silent = Math.round((Date.now() - heardAt) / 1000);
  if (state.state !== "running" || silent < STALLED_AFTER_S) return;
  try {
    const pulse = await get(`/runs/${given.run}/pulse/`);
    $("run-note").dataset.stalled = "yes";
    $("run-note").textContent = say(pulse.worker_alive ? "row.stalled" : "row.silent", { seconds: silent });
  } catch {
    // the live note already says that the server is away
  }
}

function listenToForms() {
  // asking to cancel must not tear the page down: the event that follows changes it
  $("cancel-form")?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const button = form.querySelector("button");
    button.disabled = true;
    $("run-note").textContent = say("run.cancelling");
    const signal = AbortSignal.timeout(CANCEL_WITHIN_MS);
    const answer = await fetch(form.action, { method: "POST", body: new FormData(withToken(form)), signal }).catch(() => null);
    button.disabled = false;
    if (answer?.ok) topic.wake();
    else if (answer) form.submit();
    else $("run-note").textContent = say("run.cancel_unheard");
  });
}

function listenToCopy() {
  const button = $("copy-digest");
  // browsers have a clipboard on https and on this machine itself, but not on plain http from elsewhere
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(given.sha256);
    } catch {
      getSelection().selectAllChildren($("digest"));
      return;
    }
    button.querySelector("span").textContent = say("copy.done");
    announce(say("copy.done"));
  });
}

function listenToMedia() {
  const shown = $("media");
  shown?.addEventListener("error", () => {
    shown.hidden = true;
    pieces.mediaFailed();
    $("media-note").textContent = say("media.unplayable");
    $("media-note").hidden = false;
  }, true);
  player?.addEventListener("timeupdate", () => {
    const now = frames ? frames.now : player.currentTime;
    lanes.point(now);
    footage?.point(now);
    pieces.point(now);
  });
  document.addEventListener("click", (event) => {
    const seconds = event.target.closest?.("[data-seek]")?.dataset.seek;
    if (seconds && player) player.currentTime = Number(seconds);
  });
}

const eventsAddress = `/api/v1/runs/${given.run}/events/`;
const proof = new ClosingProof($("closing-proof"), eventsAddress, state.seq);
const topic = new LiveTopic({
  socketAddress: socketAddress(`/ws/topics/${given.topic}/`),
  eventsAddress,
  after: state.seq,
  onEvents,
  onThinned: (first, last) => proof.skip(first, last),
  onMode,
});
listenToForms();
listenToCopy();
listenToMedia();
listenToTrail(() => !underWay(state));
listenToRunKeys({ player, frames, footage, fps: given.fps, claimed: given.duration, state: () => state });
draw();
topic.start();
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && topic.wake());
addEventListener("online", () => topic.wake());
addEventListener("pageshow", (event) => event.persisted && topic.wake());
setInterval(watchForStalls, 5000);
