import assert from "node:assert/strict";
import test from "node:test";
import { LiveTopic, OPEN_WITHIN_MS, POLL_EVERY_MS, SILENT_MS, SOCKET_AGAIN_MS } from "../../static/js/live.js";

const event = (seq) => ({ specversion: "1.0", seq, type: "run.progressed", data: {} });

// A browser whose time stands still until it is told to pass, and a server that has `log.length` events.
class World {
  constructor(log = []) {
    this.log = log;
    this.now = 0;
    this.timers = new Map();
    this.sockets = [];
    this.fetched = [];
    this.status = 200;
  }

  random() { return 0.5; }
  setTimeout(job, ms) {
    this.timers.set(this.timers.size + 1, { at: this.now + ms, job });
    return this.timers.size;
  }
  clearTimeout(timer) { if (this.timers.has(timer)) this.timers.get(timer).job = null; }
  openSocket(address) {
    const socket = { address, readyState: 0, sent: [], send(text) { this.sent.push(text); }, close() { this.readyState = 3; } };
    this.sockets.push(socket);
    return socket;
  }
  async fetch(address) {
    this.fetched.push(address);
    if (this.status === 0) throw new TypeError("no network");
    const after = Number(new URL(address, "http://desk").searchParams.get("after"));
    const body = { head: this.log.length, complete: true, events: this.log.filter(({ seq }) => seq > after) };
    return { ok: this.status < 300, status: this.status, json: async () => body };
  }
  get socket() { return this.sockets.at(-1); }
  async pass(ms) {
    const until = this.now + ms;
    for (;;) {
      const [next] = [...this.timers.values()].filter(({ at, job }) => job && at <= until).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.now = next.at;
      const { job } = next;
      next.job = null;
      job();
      await settled();
    }
    this.now = until;
  }
}

const settled = () => new Promise((resolve) => { setImmediate(() => setImmediate(resolve)); });
const hear = (world, frame) => world.socket.onmessage({ data: JSON.stringify(frame) });
const lose = (world, code) => world.socket.onclose({ code });

function watching({ log = [], after = 0 } = {}) {
  const world = new World(log);
  const seen = [];
  const modes = [];
  const live = new LiveTopic({
    socketAddress: "ws://desk/ws/topics/t/",
    eventsAddress: "/api/v1/runs/r/events/",
    after,
    world,
    onEvents: (events) => seen.push(...events.map(({ seq }) => seq)),
    onMode: (mode) => modes.push(mode),
  }).start();
  return { world, seen, modes, live };
}

const join = (world, head) => {
  world.socket.readyState = 1;
  hear(world, { type: "subscribed", head, recovered: true });
};

test("it resumes from its cursor", async () => {
  const { world, seen } = watching({ after: 3 });
  join(world, 5);
  hear(world, event(4));
  hear(world, event(5));
  lose(world, 1006);
  await world.pass(1000);

  assert.deepEqual(seen, [4, 5]);
  assert.deepEqual(world.sockets.map(({ address }) => address), ["ws://desk/ws/topics/t/?after=3", "ws://desk/ws/topics/t/?after=5"]);
});

test("a gap is fetched from the log", async () => {
  const { world, seen } = watching({ log: [event(1), event(2), event(3)] });
  join(world, 3);
  hear(world, event(1));
  hear(world, event(3));
  await settled();

  assert.deepEqual(seen, [1, 2, 3]);
});

test("a heartbeat with a newer head brings the lost last event", async () => {
  const { world, seen } = watching({ log: [event(1), event(2)] });
  join(world, 1);
  hear(world, event(1));
  hear(world, { type: "heartbeat", head: 2 });
  await settled();

  assert.deepEqual(seen, [1, 2]);
});

test("a socket that falls silent is replaced", async () => {
  const { world } = watching();
  join(world, 0);
  await world.pass(SILENT_MS + 1000);

  assert.equal(world.sockets.length, 2);
});

test("blocked sockets: it polls, says so, and goes back to the socket", async () => {
  const { world, seen, modes } = watching({ log: [event(1)] });
  lose(world, 1006);
  await world.pass(1000);
  lose(world, 1006);
  await settled();
  world.log.push(event(2));
  await world.pass(POLL_EVERY_MS);
  const polled = [...seen];
  await world.pass(SOCKET_AGAIN_MS);
  join(world, 2);

  assert.deepEqual(polled, [1, 2]);
  assert.deepEqual(modes, ["connecting", "polling", "open"]);
});

test("it goes on polling while another try of the socket hangs", async () => {
  const { world } = watching();
  await world.pass(OPEN_WITHIN_MS);
  await world.pass(1000);
  await world.pass(OPEN_WITHIN_MS);
  const before = world.fetched.length;
  await world.pass(SOCKET_AGAIN_MS + POLL_EVERY_MS * 2);

  assert.ok(world.fetched.length >= before + 10);
});

test("without any network it says that, and recovers", async () => {
  const { world, modes } = watching();
  world.status = 0;
  lose(world, 1006);
  await world.pass(1000);
  lose(world, 1006);
  await settled();
  world.status = 200;
  await world.pass(POLL_EVERY_MS);

  assert.deepEqual(modes, ["connecting", "offline", "polling"]);
});

test("too many sockets: it polls and says why", async () => {
  const { world, modes } = watching();
  lose(world, 4009);
  await settled();

  assert.deepEqual(modes, ["connecting", "too_many"]);
});

for (const [code, mode] of [[4003, "not_allowed"], [4004, "not_found"]]) {
  test(`close code ${code} is final: ${mode}`, async () => {
    const { world, modes } = watching();
    lose(world, code);
    await world.pass(SOCKET_AGAIN_MS * 2);

    assert.deepEqual([modes.at(-1), world.sockets.length, world.fetched.length], [mode, 1, 0]);
  });
}

test("close code 4001 of a browser that is signed out is final", async () => {
  const { world, modes } = watching();
  world.status = 401;
  lose(world, 4001);
  await world.pass(SOCKET_AGAIN_MS * 2);

  assert.deepEqual([modes.at(-1), world.sockets.length], ["signed_out", 1]);
});

test("close code 4001 of a browser that has signed in again since goes on from the cursor", async () => {
  const { world, modes } = watching({ log: [event(1)] });
  join(world, 1);
  hear(world, event(1));
  lose(world, 4001);
  await settled();
  await world.pass(1000);

  assert.deepEqual(world.sockets.map(({ address }) => address.split("after=")[1]), ["0", "1"]);
  assert.ok(!modes.includes("signed_out"));
});

test("being signed out while polling is final too", async () => {
  const { world, modes } = watching();
  world.status = 401;
  lose(world, 4009);
  await settled();

  assert.equal(modes.at(-1), "signed_out");
});

test("a cursor of another history asks for a fresh page", () => {
  const { world, modes } = watching({ after: 50 });
  world.socket.readyState = 1;
  hear(world, { type: "subscribed", head: 3, recovered: false });

  assert.equal(modes.at(-1), "reset");
});

test("a page that wakes up connects at once", async () => {
  const { world, live } = watching();
  join(world, 0);
  lose(world, 1006);
  live.wake();
  await settled();

  assert.equal(world.sockets.length, 2);
});

test("lines that REST names as left out are passed over, and said", async () => {
  const { world, seen, live } = watching();
  const left = [];
  live.onThinned = (first, last) => left.push([first, last]);
  world.fetch = async () => ({ ok: true, status: 200, json: async () => ({
    head: 6, complete: true, events: [event(1), event(4)], thinned: [{ first: 2, last: 3 }, { first: 5, last: 6 }],
  }) });
  await live.catchUp();
  assert.deepEqual([seen, left, live.cursor.at], [[1, 4], [[2, 3], [5, 6]], 6]);
});
