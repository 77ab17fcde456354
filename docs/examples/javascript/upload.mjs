// Uploads a file; run it again after a cut and it goes on: ASSAY_URL=… ASSAY_KEY=… node upload.mjs clip.mp4

import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { ask, given, sleep } from './assay.mjs';

const pieceBytes = 8 * 2 ** 20;
const tus = { 'Tus-Resumable': '1.0.0' };
const [path] = given('upload.mjs <file>', 1);
const file = await open(path);
const { size } = await file.stat();

const whole = createHash('sha256');
for await (const piece of file.createReadStream({ start: 0, autoClose: false })) whole.update(piece);
const sha256 = whole.digest('hex');
const base64 = (text) => Buffer.from(text).toString('base64');
const metadata = `filename ${base64(basename(path))},sha256 ${base64(sha256)}`;

// The key is made from the file: asked again, the server names the upload it has begun already.
async function begin(count) {
  const answer = await ask('POST', '/api/v1/uploads/', {
    headers: { ...tus, 'Upload-Length': `${size}`, 'Upload-Metadata': metadata, 'Idempotency-Key': `${sha256} ${count}` },
  });
  const upload = new URL(answer.headers.get('Location'), process.env.ASSAY_URL).pathname;
  try {
    return [upload, await offsetOf(upload)];
  } catch (refused) {
    if (![404, 410].includes(refused.status)) throw refused;
    return [upload, size]; // it has expired
  }
}

async function offsetOf(upload) {
  return Number((await ask('HEAD', upload, { headers: tus })).headers.get('Upload-Offset'));
}

let [upload, offset] = await begin(0);
// It was uploaded before, or has expired: the same file is being sent once more.
for (let count = 1; offset === size; count++) [upload, offset] = await begin(count);

while (offset < size) {
  const piece = Buffer.alloc(Math.min(pieceBytes, size - offset));
  await file.read(piece, 0, piece.length, offset);
  const checksum = createHash('sha256').update(piece).digest('base64');
  try {
    await ask('PATCH', upload, {
      body: piece,
      headers: {
        ...tus,
        'Upload-Offset': `${offset}`,
        'Upload-Checksum': `sha256 ${checksum}`,
        'Content-Type': 'application/offset+octet-stream',
      },
    });
  } catch (refused) {
    // 409: the piece had arrived although its answer was lost; 460: it was damaged on its way.
    if (![409, 460].includes(refused.status)) throw refused;
    await sleep(200);
  }
  offset = await offsetOf(upload);
  console.error(`${offset} of ${size} bytes`);
}
const media = await (await ask('GET', upload)).json();
console.log(media.sha256, media.run.topic);
