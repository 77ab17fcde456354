// Everything that is settled is rendered by the server, once, and put in place here.
import { toSignIn } from "./api.js";

const TOGETHER_MS = 300;
const AGAIN_MS = [2_000, 4_000, 8_000, 16_000, 30_000];
const ANSWER_WITHIN_MS = 30_000;
const FINAL = new Set([403, 404]); // no longer the reader's: the live note says so

// What the server rendered of each part: scripts may have drawn into it since.
const shown = new WeakMap();
let asking = false;
let askAgain = false;
let failures = 0;
let next = 0;

// Fetches and replaces. What failed is tried again: after an ending no event comes that could ask for it.
export async function refreshSettled() {
  if (asking) {
    askAgain = true;
    return;
  }
  clearTimeout(next);
  asking = true;
  askAgain = false;
  let done = false;
  try {
    done = settle(await answer());
  } finally {
    asking = false;
  }
  failures = done ? 0 : failures + 1;
  if (!done) next = setTimeout(refreshSettled, AGAIN_MS[Math.min(failures, AGAIN_MS.length) - 1]);
  else if (askAgain) next = setTimeout(refreshSettled, TOGETHER_MS);
}

// The response and its text, or null when the network is away.
async function answer() {
  const query = new URLSearchParams(location.search);
  query.set("part", "settled");
  try {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
    const response = await fetch(`${location.pathname}?${query}`, { headers: { Accept: "text/html" }, signal });
    return { response, html: await response.text() };
  } catch {
    return null;
  }
}

// True when there is nothing to try again.
function settle(answered) {
  if (!answered) return false;
  const { response, html } = answered;
  if (response.redirected && new URL(response.url).pathname !== location.pathname) toSignIn();
  else if (response.ok) replace(new DOMParser().parseFromString(html, "text/html"));
  else return FINAL.has(response.status);
  return true;
}

function replace(page) {
  document.title = page.title;
  for (const part of document.querySelectorAll("[data-settled]")) {
    const next = page.getElementById(part.id);
    if (!next || next.innerHTML === (shown.get(part) ?? part.innerHTML)) continue;
    shown.set(part, next.innerHTML);
    keepDrawn(part, next);
    const open = new Set([...part.querySelectorAll("details[open]")].map((details) => details.id));
    const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
    part.replaceChildren(...next.childNodes);
    for (const details of part.querySelectorAll("details")) if (open.has(details.id)) details.open = true;
    if (focused) document.getElementById(focused)?.focus();
  }
}

// What scripts have drawn into stays the very node it is, so that nothing flickers and nothing is switched off.
function keepDrawn(part, next) {
  for (const drawn of part.querySelectorAll("[data-keep][data-drawn]")) {
    const same = next.querySelector(`#${CSS.escape(drawn.id)}`);
    same?.replaceWith(drawn);
  }
}
