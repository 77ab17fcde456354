import assert from "node:assert/strict";
import test from "node:test";
import { choices, difference, exact, keyOf, merged, questionOf, standing } from "../../static/js/evidence/questions.js";
import { Waiting } from "../../static/js/evidence/waiting.js";

const WHOLE = { kind: "verdict", score: 0.7 };
const TWO_FACES = [[0, 0.2, 0, null], [0, 0.9, 1, null], [1, null, 0, "no_face"], [3, 0.4, 0, null], [3, 0.3, 1, null]];
const at = (found) => found.map(({ pts_seconds, track, score }) => [pts_seconds, track, score]);

const settled = () => new Promise((done) => setImmediate(done));

// A server that has these traces, and time that passes when it is told to.
class World {
  constructor(traces) {
    Object.assign(this, { traces, asked: [], told: [], lost: [], next: null, away: false });
    this.waiting = new Waiting({
      get: (address) => this.answer(address),
      tell: (trace) => this.told.push(trace.state),
      lost: (id) => this.lost.push(id),
      clock: { setTimeout: (job, ms) => (this.next = { job, ms }), clearTimeout: () => (this.next = null) },
    });
  }

  async answer(address) {
    this.asked.push(address);
    if (this.away) throw new TypeError("no network");
    const trace = this.traces[address.split("/").at(-2)];
    if (!trace) throw Object.assign(new Error("gone"), { status: 404 });
    return trace;
  }

  async pass() {
    const { job } = this.next;
    this.next = null;
    job();
    await settled();
  }
}

test("the file as a whole comes first, and stands alone where nothing was read of a long curve but its highest score", () => {
  const long = Array.from({ length: 50 }, (_, number) => [number, number === 31 ? 0.8 : 0.1, null, null]);

  assert.deepEqual(at(choices({ points: long, assessment: WHOLE })), [[null, null, 0.7], [31, null, 0.8]]);
  assert.deepEqual(at(choices({ points: [], assessment: WHOLE })), [[null, null, 0.7]]);
  assert.deepEqual(at(choices({ points: [], assessment: { kind: "not_assessed" } })), []);
});

test("the moment that is read is asked about by its own time, with every face it has, and no gap", () => {
  const row = { points: TWO_FACES, assessment: WHOLE };

  assert.deepEqual(at(choices(row, { seconds: 2.6 })).slice(1), [[3, 0, 0.4], [3, 1, 0.3]]);
  assert.deepEqual(at(choices(row, { seconds: 1 })).slice(1), [[0, 1, 0.9], [0, 0, 0.2]]);
  assert.deepEqual(at(choices(row, { seconds: 3, track: 1 }))[1], [3, 1, 0.3]);
});

test("what is sent is the moment on record, and no moment for the file as a whole", () => {
  assert.deepEqual(questionOf("meso4", { pts_seconds: null, track: null }), { detector: "meso4" });
  assert.deepEqual(questionOf("meso4", { pts_seconds: 4.2, track: null }), { detector: "meso4", pts_seconds: 4.2 });
  assert.deepEqual(questionOf("meso4", { pts_seconds: 0, track: 0 }), { detector: "meso4", pts_seconds: 0, track: 0 });
  assert.notEqual(keyOf({ pts_seconds: 0, track: null }), keyOf({ pts_seconds: null, track: null }));
});

test("whatever is not the same is loud", () => {
  const said = (comparison) => standing({ state: "succeeded", answer: { comparison } });

  assert.deepEqual(["equal", "within_tolerance"].map((name) => said(name).loud), [false, false]);
  for (const name of ["different", "changed", "absent"]) assert.deepEqual([said(name).loud, said(name).icon], [true, "failed"]);
  assert.deepEqual(standing({ state: "queued", answer: null }), { word: "queued", icon: "queued", loud: false });
  assert.equal(standing({ state: "failed", answer: null }).loud, true);
});

test("a difference has its sign, and none is no number", () => {
  assert.deepEqual([difference(0), difference(0.01), difference(-1.2e-7), difference(null)], ["0", "+0.0100", "-1.20e-7", "–"]);
  assert.deepEqual([exact(0.71340169), exact(null)], ["0.713402", "–"]);
});

test("what came later replaces what was known, newest first", () => {
  const [old, young] = [{ id: "a", created: "2026-01-01", state: "queued" }, { id: "b", created: "2026-01-02", state: "queued" }];

  const all = merged([old, young], [{ ...old, state: "succeeded" }]);

  assert.deepEqual(all.map(({ id, state }) => [id, state]), [["b", "queued"], ["a", "succeeded"]]);
});

test("an open question is asked after until it is answered, then never again", async () => {
  const world = new World({ one: { state: "queued" } });
  world.waiting.follow("one");

  await world.pass();
  const first = world.next.ms;
  world.traces.one = { state: "succeeded" };
  await world.pass();

  assert.ok(first > 0);
  assert.deepEqual([world.told, world.next], [["queued", "succeeded"], null]);
  assert.deepEqual(world.asked, ["/api/v1/traces/one/", "/api/v1/traces/one/"]);
});

test("a server that is away is asked again, ever less often, and a question that is gone is given up", async () => {
  const world = new World({ one: { state: "running" } });
  world.away = true;
  world.waiting.follow("one");
  const delays = [];

  for (let round = 0; round < 12; round += 1) {
    delays.push(world.next.ms);
    await world.pass();
  }
  world.away = false;
  world.traces = {};
  await world.pass();

  assert.ok(delays.every((ms, round) => !round || ms >= delays[round - 1]) && delays.at(-1) <= 6000);
  assert.deepEqual([world.told, world.lost, world.next], [[], ["one"], null]);
});
