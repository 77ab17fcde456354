// Resumable uploads (tus 1.0) in pieces of 8 MB; where it stopped is asked of the server, so a reload loses nothing.
import { csrf, Problem, problemOf } from "./api.js";

const UPLOADS = "/api/v1/uploads/";
const PIECE_BYTES = 8_000_000;
const RETRY_SECONDS = [1, 2, 4, 8, 15, 30];
const TUS = { "Tus-Resumable": "1.0.0" };

const remembered = ({ file }) => `assay.upload.${document.body.dataset.user}.${file.name}.${file.size}.${file.lastModified}`;

function memory(act) {
  try {
    return act(localStorage);
  } catch {
    return null; // a private window: the upload works, it only cannot be resumed after a reload
  }
}

const base64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
const metadata = (pairs) => Object.entries(pairs).map(([key, text]) => `${key} ${base64(new TextEncoder().encode(text))}`).join(",");

export class Upload {
  // on: {progress({sent, size, perSecond, secondsLeft}), resumed(share), wished(), retrying(seconds), sealing()}
  constructor(file, on, { sha256 = "", stress = false, detectors = "" } = {}) {
    Object.assign(this, { file, on, sha256, stress, detectors });
    this.cancelled = false;
    this.request = null;
    this.speeds = [];
  }

  // Resolves to {media, run}; rejects with a Problem, or with Cancelled.
  async send() {
    for (let failures = 0; ;) {
      try {
        return await this.sendOnce(() => { failures = 0; });
      } catch (error) {
        if (this.cancelled) {
          await this.remove();
          throw new Cancelled();
        }
        if (!passing(error) || failures >= 20) throw error;
        const seconds = RETRY_SECONDS[Math.min(failures, RETRY_SECONDS.length - 1)];
        failures += 1;
        this.on.retrying(seconds);
        await this.pause(seconds);
      }
    }
  }

  // `send` rejects once the server has let go of what it had.
  cancel() {
    this.cancelled = true;
    this.request?.abort();
    this.wake?.();
  }

  async remove() {
    memory((store) => store.removeItem(remembered(this)));
    if (this.address) await fetch(this.address, { method: "DELETE", headers: { ...TUS, "X-CSRFToken": csrf() } }).catch(() => null);
  }

  async sendOnce(onPiece) {
    let offset = await this.find();
    let answer = this.found;
    while (offset < this.file.size || !answer) {
      answer = await this.piece(offset);
      offset = Number(answer.getResponseHeader("Upload-Offset"));
      onPiece();
      if (offset >= this.file.size) break;
    }
    memory((store) => store.removeItem(remembered(this)));
    const header = (name) => (answer.getResponseHeader ? answer.getResponseHeader(name) : answer.headers.get(name));
    return { media: header("Assay-Media"), run: header("Assay-Run") };
  }

  // The address and offset to go on from: a known upload of the same file, or a new one.
  async find() {
    this.found = null;
    this.address ??= this.known();
    if (this.address) {
      const response = await fetch(this.address, { method: "HEAD", headers: TUS });
      if (response.ok) {
        const offset = Number(response.headers.get("Upload-Offset"));
        if (offset >= this.file.size) this.found = response;
        if (offset) this.on.resumed(offset / this.file.size);
        return offset;
      }
      if (response.status !== 404 && response.status !== 410) throw problemOf(response.status, "");
      this.address = null;
    }
    return this.create();
  }

  // The same file with other wishes is another upload; but after a reload nothing is wished, and it goes on as it was begun.
  known() {
    const begun = memory((store) => JSON.parse(store.getItem(remembered(this))));
    if (!begun) return null;
    const same = begun.stress === this.stress && begun.detectors === this.detectors;
    if (!same && (this.stress || this.detectors)) return null;
    if (!same) this.on.wished();
    Object.assign(this, { stress: begun.stress, detectors: begun.detectors });
    return begun.address;
  }

  async create() {
    const said = { filename: this.file.name || "pasted" };
    if (this.sha256) said.sha256 = this.sha256;
    if (this.stress) said.stress = "true";
    if (this.detectors) said.detectors = this.detectors;
    const headers = { ...TUS, "X-CSRFToken": csrf(), "Upload-Length": String(this.file.size), "Upload-Metadata": metadata(said) };
    const response = await fetch(UPLOADS, { method: "POST", headers });
    if (!response.ok) throw problemOf(response.status, await response.text());
    this.address = new URL(response.headers.get("Location"), location.href).pathname;
    const begun = { address: this.address, stress: this.stress, detectors: this.detectors };
    memory((store) => store.setItem(remembered(this), JSON.stringify(begun)));
    return 0;
  }

  async piece(offset) {
    const blob = this.file.slice(offset, offset + PIECE_BYTES);
    const checksum = await digest(blob);
    if (this.cancelled) throw new Cancelled();
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      this.request = request;
      request.open("PATCH", this.address);
      const headers = { ...TUS, "X-CSRFToken": csrf(), "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" };
      if (checksum) headers["Upload-Checksum"] = checksum;
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      request.upload.onprogress = (event) => this.moved(offset + event.loaded);
      request.upload.onload = () => offset + blob.size >= this.file.size && this.on.sealing();
      request.onload = () => (request.status < 300 ? resolve(request) : reject(problemOf(request.status, request.responseText)));
      request.onerror = () => reject(new Problem(0, "network", ""));
      request.onabort = () => reject(new Cancelled());
      request.send(blob);
    });
  }

  // The speed is that of the last five seconds: an average over all would lie after a pause.
  moved(sent) {
    const now = performance.now();
    this.speeds = [...this.speeds.filter(([time]) => now - time < 5000), [now, sent]];
    const [[time, first]] = this.speeds;
    const perSecond = now > time ? ((sent - first) / (now - time)) * 1000 : 0;
    this.on.progress({ sent, size: this.file.size, perSecond, secondsLeft: perSecond ? (this.file.size - sent) / perSecond : null });
  }

  pause(seconds) {
    return new Promise((resolve) => {
      this.wake = resolve;
      setTimeout(resolve, seconds * 1000);
    });
  }
}

export class Cancelled extends Error {}

// What may be over in a moment: no network, a server that restarts, two of us at once, a checksum that failed on the way.
const passing = (error) => error instanceof TypeError || (error instanceof Problem && [0, 409, 423, 429, 460, 500, 502, 503, 504].includes(error.status));

async function digest(blob) {
  // only there on https and on this machine itself; the server hashes in any case
  if (!crypto.subtle) return "";
  return `sha256 ${base64(new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer())))}`;
}
