// What the keys do on the run page: the player, the highest scores, cancelling.
import { durationOf } from "./curve.js";
import { clock, score } from "./format.js";
import { listenToKeys } from "./keys.js";
import { nextPeak, peaks } from "./peaks.js";
import { underWay } from "./run_state.js";
import { announce, say } from "./words.js";

const $ = (id) => document.getElementById(id);
const SOUND_STEP_S = 0.1; // sound has no frames

export function listenToRunKeys({ player, fps, claimed, state }) {
  const place = (seconds) => { player.currentTime = Math.min(Math.max(0, seconds), player.duration || seconds); };
  listenToKeys({
    media: Boolean(player),
    frame: fps ? 1 / fps : SOUND_STEP_S,
    play: () => (player.paused ? player.play().catch(() => {}) : player.pause()),
    step: (seconds) => { player.pause(); place(player.currentTime + seconds); },
    peak: (sign) => {
      const rows = state().order.map((name) => state().detectors[name]);
      const peak = nextPeak(peaks(rows, durationOf(claimed, rows)), player.currentTime, sign);
      if (peak) place(peak.seconds);
      told(peak ? say("keys.peak", { detector: peak.title, score: score(peak.score), time: clock(peak.seconds) }) : say("keys.no_peak"));
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

function told(text) {
  $("media-at").textContent = text;
  announce(text);
}
