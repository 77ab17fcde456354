// A file dropped, pasted or chosen on any page: looked at, hashed, uploaded, and then its run is opened.
import { get, post, toSignIn } from "./api.js";
import { clock, size } from "./format.js";
import { Cancelled, Upload } from "./tus.js";
import { announce, say } from "./words.js";

// Above this the hash would hold up the upload for more than a few seconds; the server hashes every file anyway.
const HASHED_BYTES = 256e6;
const CHOICE = 'input[type="file"][data-drop]';
const $ = (id) => document.getElementById(id);

let current = null; // what can be cancelled: {cancel()}

function show(title, text) {
  $("upload").hidden = false;
  $("upload-title").textContent = title;
  $("upload-text").textContent = text;
}

// Nothing is under way any more, and this is why; the box stays until it is closed.
function refuse(file, text) {
  show(file.name, text);
  note("");
  $("upload-bar").hidden = true;
  $("upload-close").hidden = false;
  if (document.activeElement === $("upload-cancel")) $("upload-close").focus();
  $("upload-cancel").hidden = true;
  announce(text);
}

function close() {
  const hadFocus = $("upload").contains(document.activeElement);
  $("upload").hidden = true;
  if (hadFocus) (document.querySelector("input[data-drop]") ?? $("main")).focus();
}

// A sentence beside what goes on.
function note(text) {
  $("upload-note").textContent = text;
  $("upload-note").hidden = !text;
  if (text) announce(text);
}

function bar(share) {
  $("upload-bar").hidden = false;
  if (share === null) $("upload-bar").removeAttribute("value");
  else $("upload-bar").value = share;
}

export function take(files) {
  if (!files.length) return;
  if (current) {
    note(say("drop.busy"));
    return;
  }
  const [file] = files;
  const limit = Number(document.body.dataset.maxUploadBytes);
  if (!file.size) refuse(file, say("drop.empty", { file: file.name }));
  else if (limit && file.size > limit) refuse(file, say("drop.too_large", { file: file.name, size: size(file.size), limit: size(limit) }));
  else examine(file, files.length > 1 ? say("drop.one", { file: file.name }) : "");
}

async function examine(file, others) {
  const preset = document.querySelector('input[name="preset"]:checked');
  // an empty choice would be taken for no choice, which is Full
  if (preset?.closest("[data-own]") && !preset.value) {
    refuse(file, say("drop.none_chosen"));
    return;
  }
  $("upload-seen").hidden = true;
  $("upload-cancel").hidden = false;
  $("upload-close").hidden = true;
  note(others);
  // as it is now: who changes the mind meanwhile means the next file
  const wishes = {
    stress: Boolean(document.querySelector("input[data-stress]")?.checked),
    detectors: preset?.value ?? "",
  };
  try {
    const sha256 = file.size <= HASHED_BYTES ? await hash(file) : "";
    const seen = sha256 ? await seenBefore(sha256) : null;
    if (seen && (await choice(file, seen, wishes))) return;
    const { run } = await upload(file, { sha256, ...wishes });
    done(file, run);
  } catch (error) {
    ended(file, error);
  } finally {
    current = null;
  }
}

function ended(file, error) {
  if (error instanceof Cancelled) refuse(file, say("drop.cancelled", { file: file.name }));
  else if (error.status === 401) toSignIn();
  else refuse(file, say("drop.refused", { file: file.name, reason: error.message || say("drop.offline") }));
}

function done(file, run) {
  current = null;
  announce(say("drop.done", { file: file.name }));
  if (run) location.assign(`/runs/${run}/`);
  else location.assign("/runs/");
}

function hash(file) {
  show(file.name, say("drop.hashing"));
  bar(0);
  const worker = new Worker(new URL("./hash_worker.js", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    current = { cancel: () => reject(new Cancelled()) };
    worker.onmessage = ({ data }) => {
      if (data.sha256) resolve(data.sha256);
      else if (data.failed) reject(new Error(data.failed));
      else bar(data.done);
    };
    worker.onerror = () => resolve("");
    worker.postMessage(file);
  }).finally(() => worker.terminate());
}

// The newest run of a file with these bytes, or null.
async function seenBefore(sha256) {
  const { results } = await get(`/api/v1/runs/?q=${sha256}&page_size=1`);
  return results[0] ?? null;
}

// True when the file need not be sent: its run is opened, or a new run of the stored bytes is.
function choice(file, seen, { stress, detectors }) {
  const date = new Date(seen.finished ?? seen.created).toLocaleDateString(document.documentElement.lang, { dateStyle: "long" });
  const text = say("drop.seen", { date, who: seen.owner });
  show(file.name, text);
  bar(1);
  announce(text);
  $("upload-open").href = `/runs/${seen.id}/`;
  $("upload-seen").hidden = false;
  $("upload-open").focus();
  return new Promise((resolve, reject) => {
    current = { cancel: () => reject(new Cancelled()) };
    $("upload-again").disabled = false;
    $("upload-again").onclick = () => {
      $("upload-again").disabled = true;
      resolve(post("/api/v1/runs/", { media: seen.media, stress, detectors: detectors ? detectors.split(",") : [] }).then((run) => { done(file, run.id); return true; }));
    };
  }).finally(() => { $("upload-seen").hidden = true; });
}

async function upload(file, wishes) {
  const sending = new Upload(file, {
    progress: ({ sent, size: whole, perSecond, secondsLeft }) => {
      bar(sent / whole);
      const rate = { sent: size(sent), size: size(whole), speed: size(Math.round(perSecond)), time: clock(secondsLeft) };
      $("upload-text").textContent = say("drop.rate", rate);
    },
    resumed: (share) => announce(say("drop.resuming", { percent: Math.floor(share * 100) })),
    wished: () => note(say("drop.wished")),
    retrying: (seconds) => { $("upload-text").textContent = say("drop.retrying", { seconds }); },
    sealing: () => {
      bar(null);
      $("upload-text").textContent = say("drop.sealing");
    },
  }, wishes);
  current = sending;
  show(file.name, say("drop.uploading"));
  bar(0);
  announce(say("drop.uploading"));
  return sending.send();
}

const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

// The input is emptied at once: choosing the same file again must be a change.
function takeChosen(input) {
  const files = [...input.files];
  input.value = "";
  take(files);
}

export function listen() {
  addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    $("veil").hidden = false;
  });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) $("veil").hidden = true; });
  addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    $("veil").hidden = true;
    take([...event.dataTransfer.files]);
  });
  addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) take(files);
  });
  addEventListener("beforeunload", (event) => { if (current instanceof Upload) event.preventDefault(); });
  document.addEventListener("change", (event) => {
    if (event.target.matches(CHOICE)) takeChosen(event.target);
  });
  $("upload-cancel").addEventListener("click", () => current?.cancel());
  $("upload-close").addEventListener("click", close);
  addEventListener("keydown", (event) => {
    const closable = !current && !$("upload").hidden && !document.querySelector("dialog[open]");
    if (event.key === "Escape" && closable) close();
  });
  // somebody was faster than the scripts
  for (const input of document.querySelectorAll(CHOICE)) takeChosen(input);
}
