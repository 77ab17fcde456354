// The page of one camera: live, and rendered anew by the server whenever it has seen something.
import { refreshSettled } from "../settled.js";
import { announce, say } from "../words.js";
import { listenToCamera } from "./events.js";
import { Live } from "./live.js";

// A camera may tell many events a second; the page need not be rendered as often.
const SETTLE_EVERY_MS = 2_000;
// Coming and going is told in no socket of events.
const STATE_EVERY_MS = 10_000;
const ANNOUNCE_EVERY_MS = 10_000;
const $ = (id) => document.getElementById(id);
const camera = JSON.parse($("camera-data").textContent);

let settling = null;
let seen = 0;
let announced = -Infinity;

// A search for a plate is on record each time it is made: it is made when somebody asks for it.
const asksForPlate = new URLSearchParams(location.search).get("license_plate");

function settleSoon() {
  if (asksForPlate) return;
  settling ??= setTimeout(() => {
    settling = null;
    if (document.visibilityState === "visible") refreshSettled();
  }, SETTLE_EVERY_MS);
}

function onEvent() {
  seen += 1;
  settleSoon();
  if (performance.now() - announced < ANNOUNCE_EVERY_MS) return;
  announced = performance.now();
  announce(say("camera.seen", { count: seen }));
  seen = 0;
}

$("live-controls").hidden = false;
new Live(camera.id, { stage: $("live"), picture: $("live-picture"), note: $("live-note"), boxes: $("live-boxes"), pause: $("live-pause") });
listenToCamera(camera.key, { onEvent, onJoin: () => { $("camera-page").dataset.live = "open"; settleSoon(); } });
setInterval(settleSoon, STATE_EVERY_MS);
document.addEventListener("visibilitychange", settleSoon);
