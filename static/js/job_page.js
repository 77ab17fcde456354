// The page of an external job: its state folded from its topic, everything at length rendered by the server.
import { toSignIn } from "./api.js";
import { fold, isEnding, isOpen, percentOf } from "./job_state.js";
import { LiveTopic, socketAddress } from "./live.js";
import { refreshSettled } from "./settled.js";
import { listenToTrail } from "./trail.js";
import { announce, say } from "./words.js";

// A job may report many times a second; its trail need not be fetched as often.
const SETTLE_EVERY_MS = 2_000;
const OWN_WORDS = new Set(["not_allowed", "not_found"]);
const $ = (id) => document.getElementById(id);
const given = JSON.parse($("job-data").textContent);

let state = given.state;
let frame = 0;
let settling = null;

function draw() {
  frame = 0;
  document.body.classList.toggle("busy", isOpen(state));
  $("job-page").dataset.state = state.state;
  $("state-word").textContent = say(`job_state.${state.state}`);
  const use = $("state-icon").querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${state.state}`));
  $("state-icon").classList.toggle("turning", state.state === "processing");
  $("stage").textContent = state.stage;
  $("percent").textContent = say("job.percent", { percent: percentOf(state.progress) });
  $("bar").value = state.progress;
  $("message").textContent = state.message;
  $("heard").dateTime = state.time;
  $("heard").textContent = `${new Date(state.time).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

function settleSoon(now) {
  if (now) clearTimeout(settling);
  else if (settling !== null) return;
  settling = setTimeout(() => {
    settling = null;
    refreshSettled();
  }, now ? 0 : SETTLE_EVERY_MS);
}

function onEvents(events) {
  state = events.reduce(fold, state);
  frame ||= requestAnimationFrame(draw);
  const ending = events.findLast((event) => isEnding(event.type));
  settleSoon(Boolean(ending));
  if (ending) announce(say("job.ended", { job: given.job, sentence: state.message }));
}

function onMode(mode) {
  const note = $("live-note");
  note.hidden = mode === "open" || mode === "connecting";
  note.querySelector("p").textContent = say(`${OWN_WORDS.has(mode) ? "job" : "live"}.${mode}`);
  $("job-page").dataset.live = mode;
  if (mode === "signed_out") toSignIn();
  if (mode === "reset") location.reload();
}

const topic = new LiveTopic({
  socketAddress: socketAddress(`/ws/topics/${given.topic}/`),
  eventsAddress: `/api/v1/topics/${given.topic}/events/`,
  after: state.seq,
  onEvents,
  onMode,
});
listenToTrail(() => !isOpen(state));
draw();
topic.start();
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && topic.wake());
addEventListener("online", () => topic.wake());
addEventListener("pageshow", (event) => event.persisted && topic.wake());
