import assert from "node:assert/strict";
import test from "node:test";
import { Parts } from "../../static/js/cameras/multipart.js";

const bytes = (text) => new TextEncoder().encode(text);
const part = (body, shows) => `\r\nContent-Type: image/jpeg\r\nContent-Length: ${body.length}\r\nAssay-Shows: ${shows}\r\n\r\n${body}\r\n--assay-frame`;
const STREAM = `--assay-frame${part("one\r\n\r\n--assay-frame", "picture")}${part("two", "none")}`;
const read = (given) => given.map(({ shows, bytes: body }) => [shows, new TextDecoder().decode(body)]);

test("parts come complete, however the bytes are cut", () => {
  const whole = read(new Parts().take(bytes(STREAM)));
  const parts = new Parts();
  const single = [...bytes(STREAM)].flatMap((one) => parts.take(Uint8Array.of(one)));

  assert.deepEqual(whole, [["picture", "one\r\n\r\n--assay-frame"], ["none", "two"]]);
  assert.deepEqual(read(single), whole);
});

test("what is no live view is refused before it fills the memory", () => {
  assert.throws(() => new Parts().take(bytes("<html>".repeat(1000))));
  assert.throws(() => new Parts().take(bytes("--assay-frame\r\nContent-Length: 99999999\r\n\r\n")));
});
