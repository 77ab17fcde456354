// What the keys do on the run page: the player, the highest scores and what was seen, cancelling.
import { durationOf } from "./curve.js";
import { clock, score } from "./format.js";
import { headline } from "./footage/telling.js";
import { listenToKeys } from "./keys.js";
import { nextPeak, peaks } from "./peaks.js";
import { underWay } from "./run_state.js";
import { announce, say } from "./words.js";

const $ = (id) => document.getElementById(id);
const SOUND_STEP_S = 0.1; // sound has no frames

// frames: what shows a frame of the player, null where it has none; footage: the lanes of what was seen, or null.
export function listenToRunKeys({ player, frames, footage, fps, claimed, state }) {
  const place = (seconds) => { player.currentTime = Math.min(Math.max(0, seconds), player.duration || seconds); };
  const go = ({ seconds, finding }) => {
    if (finding) footage.open(finding, seconds);
    else if (frames) frames.show(seconds);
    else place(seconds);
  };
  listenToKeys({
    media: Boolean(player),
    frame: fps ? 1 / fps : SOUND_STEP_S,
    play: () => (player.paused ? player.play().catch(() => {}) : player.pause()),
    step: (seconds) => { player.pause(); place(player.currentTime + seconds); },
    peak: (sign) => {
      const rows = state().order.map((name) => state().detectors[name]);
      const list = [...peaks(rows, durationOf(claimed, rows)), ...(footage?.stops() ?? [])].sort((a, b) => a.seconds - b.seconds);
      const peak = nextPeak(list, frames ? frames.now : player.currentTime, sign);
      if (peak) go(peak);
      told(peak ? words(peak, underWay(state())) : say("keys.no_peak"));
    },
    cancel: () => {
      const possible = $("cancel-form") && underWay(state());
      if (possible) $("confirm-cancel").showModal();
      return Boolean(possible);
    },
  });
  $("confirm-cancel")?.addEventListener("close", (event) => {
    if (event.target.returnValue === "yes" && underWay(state())) $("cancel-form").requestSubmit();
    event.target.returnValue = "";
  });
}

const words = ({ finding, title, score: value, seconds }, live) =>
  (finding ? headline(finding, live) : say("keys.peak", { detector: title, score: score(value), time: clock(seconds) }));

function told(text) {
  $("media-at").textContent = text;
  announce(text);
}
