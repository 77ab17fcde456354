import assert from "node:assert/strict";
import test from "node:test";
import { Cursor } from "../../static/js/cursor.js";

const seqs = (events) => events.map((event) => event.seq);

test("events come out once and in order, however they arrive", () => {
  const cursor = new Cursor(0);
  const arrived = [1, 3, 2, 2, 5, 1, 4].flatMap((seq) => seqs(cursor.offer({ seq })));

  assert.deepEqual(arrived, [1, 2, 3, 4, 5]);
});

test("what lies before the cursor was seen already", () => {
  assert.deepEqual(new Cursor(7).offer({ seq: 7 }), []);
});

test("a gap holds back what follows and shows", () => {
  const cursor = new Cursor(2);

  assert.deepEqual(cursor.offer({ seq: 4 }), []);
  assert.deepEqual([cursor.behind, cursor.at], [true, 2]);
});

test("lines the server named as left out are no gap", () => {
  const cursor = new Cursor(2);
  cursor.offer({ seq: 6 });

  assert.deepEqual(seqs(cursor.skip(3, 5)), [6]);
  assert.equal(cursor.behind, false);
});

test("lines left out later than a gap still wait for it", () => {
  const cursor = new Cursor(0);
  cursor.skip(2, 3);

  assert.deepEqual(seqs(cursor.offer({ seq: 4 })), []);
  assert.deepEqual(seqs(cursor.offer({ seq: 1 })), [1, 4]);
});

test("a heartbeat reveals a lost last event", () => {
  const cursor = new Cursor(5);

  assert.equal(cursor.know(5), false);
  assert.equal(cursor.know(6), true);
});
