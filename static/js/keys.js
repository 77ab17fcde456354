// Keys of the run page. They can be turned off in their help (WCAG 2.1.4), and stay away from fields.

const OFF = "assay.keys.off";
const KEYS = { "?": "help", " ": "play", "[": "peak-back", "]": "peak-on", c: "cancel", C: "cancel" };
const ARROWS = { ArrowLeft: "back", ArrowRight: "on" };
const TYPING = "input, textarea, select, [contenteditable]";
const PRESSED = "button, a, summary, label"; // Space is theirs
const SCROLLED = ".scroll"; // arrows and Space scroll it

// What a key means, or null. `within(selector)` says whether the focus is in such a place. Pure.
export function actionOf(event, within) {
  const chord = event.ctrlKey || event.metaKey || event.altKey;
  // some layouts have brackets on the right Alt key
  if (event.isComposing || (chord && !event.getModifierState?.("AltGraph")) || within(TYPING)) return null;
  const arrow = ARROWS[event.key];
  if (arrow) return within(SCROLLED) ? null : `${event.shiftKey ? "second" : "frame"}-${arrow}`;
  if (event.key === " " && (within(PRESSED) || within(SCROLLED))) return null;
  return KEYS[event.key] ?? null;
}

// acts: {play(), step(seconds), peak(±1), frame (seconds), cancel() | null, media: bool}
export function listenToKeys(acts) {
  const help = document.getElementById("keys");
  document.getElementById("keys-open").addEventListener("click", () => help.showModal());
  const wanted = document.getElementById("keys-on");
  wanted.checked = !remembered();
  wanted.addEventListener("change", () => remember(!wanted.checked));
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const action = actionOf(event, (selector) => Boolean(event.target.closest?.(selector)));
    if (!action || (!wanted.checked && action !== "help")) return;
    if (perform(action, acts, help)) event.preventDefault();
  });
}

// True when the key was used; otherwise the browser does with it what it always does.
function perform(action, acts, help) {
  if (action === "help") help.showModal();
  else if (action === "cancel") return acts.cancel();
  else if (!acts.media) return false;
  else if (action === "play") acts.play();
  else move(action, acts);
  return true;
}

function move(action, acts) {
  const [what, direction] = action.split("-");
  const sign = direction === "on" ? 1 : -1;
  if (what === "peak") acts.peak(sign);
  else acts.step(sign * (what === "second" ? 1 : acts.frame));
}

function remembered() {
  try { return localStorage.getItem(OFF) === "yes"; } catch { return false; }
}

function remember(off) {
  try { localStorage.setItem(OFF, off ? "yes" : "no"); } catch { /* a private window: for this page only */ }
}
