// One topic, live: a socket that resumes from the cursor, or REST every two seconds where sockets are blocked.
import { Cursor } from "./cursor.js";

export const RETRY_FIRST_MS = 500;
export const RETRY_MOST_MS = 10_000;
export const OPEN_WITHIN_MS = 5_000;
export const POLL_EVERY_MS = 2_000;
export const SOCKET_AGAIN_MS = 30_000;
export const SILENT_MS = 40_000; // heartbeats come every 15 s: a socket this quiet is dead
const FAILURES_BEFORE_POLLING = 2;
const SIGNED_OUT = 4001;
const REFUSED = { 4003: "not_allowed", 4004: "not_found" };

const browser = () => ({
  openSocket: (address) => new WebSocket(address),
  fetch: (address) => fetch(address, { headers: { Accept: "application/json" } }),
  setTimeout: (job, ms) => setTimeout(job, ms),
  clearTimeout: (timer) => clearTimeout(timer),
  random: () => Math.random(),
});

// onEvents(events) gets every event once, in order; onThinned(first, last) what the server says it left out. onMode("connecting" | "open" | "polling" | "offline" |
// "too_many" | "reset" | "signed_out" | "not_allowed" | "not_found") says how; the last four are final.
export class LiveTopic {
  constructor({ socketAddress, eventsAddress, after = 0, onEvents, onThinned = () => {}, onMode, world = browser() }) {
    Object.assign(this, { socketAddress, eventsAddress, onEvents, onThinned, onMode, world });
    this.cursor = new Cursor(after);
    this.mode = null;
    this.failures = 0;
    this.retryMs = RETRY_FIRST_MS;
    this.timers = {};
    this.fetching = null;
  }

  start() {
    this.say("connecting");
    this.connect();
    return this;
  }

  stop() {
    this.stopped = true;
    for (const name of Object.keys(this.timers)) this.cancel(name);
    this.drop();
  }

  // The page was asleep or the network is back: look at once.
  wake() {
    if (this.stopped) return;
    if (this.socket && this.subscribed) this.send({ type: "ping" });
    else {
      this.retryMs = RETRY_FIRST_MS;
      this.connect();
    }
    this.catchUp();
  }

  connect() {
    if (this.stopped || this.socket) return;
    this.cancel("retry");
    const socket = this.world.openSocket(`${this.socketAddress}?after=${this.cursor.at}`);
    this.socket = socket;
    this.subscribed = false;
    const ours = (act) => (event) => socket === this.socket && act(event);
    socket.onmessage = ours((event) => this.hear(JSON.parse(event.data)));
    socket.onclose = ours((event) => this.closed(event.code));
    socket.onerror = () => {};
    this.later("open", OPEN_WITHIN_MS, () => this.closed(0));
  }

  hear(frame) {
    this.later("silent", SILENT_MS, () => this.closed(0));
    if (frame.specversion) this.take(this.cursor.offer(frame));
    else if (frame.type === "subscribed") this.joined(frame);
    else if (frame.type === "thinned") this.take(this.skip(frame));
    else if (frame.head !== undefined && this.cursor.know(frame.head) && frame.type === "heartbeat") this.catchUp();
  }

  joined(frame) {
    if (frame.recovered === false) {
      // our cursor is of another history (a restored database): what is on the page is not true any more
      this.say("reset");
      this.stop();
      return;
    }
    this.subscribed = true;
    this.failures = 0;
    this.retryMs = RETRY_FIRST_MS;
    this.cancel("open");
    this.cancel("poll");
    this.cursor.know(frame.head ?? 0);
    this.say("open");
  }

  // What is left out belongs behind the events that are due before it.
  skip({ first, last }) {
    this.onThinned(first, last);
    return this.cursor.skip(first, last);
  }

  take(events) {
    if (events.length) this.onEvents(events);
    // what is held waits for lines that the socket will not send again
    if (this.cursor.held.size) this.catchUp();
  }

  closed(code) {
    const wasLive = this.subscribed;
    this.drop();
    if (this.stopped) return;
    if (REFUSED[code]) {
      this.say(REFUSED[code]);
      this.stop();
      return;
    }
    this.failures = wasLive ? 0 : this.failures + 1;
    if (code === SIGNED_OUT) this.askWhetherSignedIn();
    else this.again(code);
  }

  // That sign-in has ended, but another tab may have signed in since: REST knows, and says signed_out if not.
  async askWhetherSignedIn() {
    await this.catchUp();
    if (!this.stopped) this.again(SIGNED_OUT);
  }

  again(code) {
    if (code === 4009 || this.failures >= FAILURES_BEFORE_POLLING) this.poll(code === 4009 ? "too_many" : "polling");
    else this.retry();
  }

  retry() {
    if (this.mode === "open") this.say("connecting");
    const wait = this.retryMs * (0.75 + this.world.random() / 2);
    this.retryMs = Math.min(this.retryMs * 2, RETRY_MOST_MS);
    this.later("retry", wait, () => this.connect());
  }

  poll(mode) {
    this.later("retry", SOCKET_AGAIN_MS, () => this.connect());
    const again = async () => {
      const answered = await this.catchUp();
      if (this.stopped || this.subscribed) return;
      this.say(answered ? mode : "offline");
      this.later("poll", POLL_EVERY_MS, again);
    };
    if (!this.timers.poll) again();
  }

  // Reads what is missing from the log; true when the server answered.
  catchUp() {
    this.fetching ??= this.readOn().finally(() => { this.fetching = null; });
    return this.fetching;
  }

  async readOn() {
    try {
      for (;;) {
        const from = this.cursor.at;
        const response = await this.world.fetch(`${this.eventsAddress}?after=${from}`);
        if (!response.ok) return this.refused(response.status);
        const page = await response.json();
        const due = [];
        const gaps = [...(page.thinned ?? [])];
        for (const event of page.events) {
          while (gaps.length && gaps[0].first < event.seq) due.push(...this.skip(gaps.shift()));
          due.push(...this.cursor.offer(event));
        }
        for (const gap of gaps) due.push(...this.skip(gap));
        this.cursor.know(page.head);
        if (due.length) this.onEvents(due);
        if (!this.cursor.behind || this.cursor.at === from || this.stopped) return true;
      }
    } catch {
      return false;
    }
  }

  refused(status) {
    const mode = { 401: "signed_out", 403: "not_allowed", 404: "not_found" }[status];
    if (!mode) return false;
    this.say(mode);
    this.stop();
    return true;
  }

  send(frame) {
    if (this.socket?.readyState === 1) this.socket.send(JSON.stringify(frame));
  }

  say(mode) {
    if (mode === this.mode) return;
    this.mode = mode;
    this.onMode(mode);
  }

  drop() {
    const socket = this.socket;
    this.socket = null;
    this.subscribed = false;
    this.cancel("open");
    this.cancel("silent");
    if (socket && socket.readyState < 2) socket.close();
  }

  later(name, ms, job) {
    this.cancel(name);
    this.timers[name] = this.world.setTimeout(() => {
      this.timers[name] = null;
      job();
    }, ms);
  }

  cancel(name) {
    if (this.timers[name]) this.world.clearTimeout(this.timers[name]);
    this.timers[name] = null;
  }
}

export function socketAddress(path) {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;
}
