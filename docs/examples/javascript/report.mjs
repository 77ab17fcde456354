// Reports on a job: ASSAY_URL=… ASSAY_KEY=… node report.mjs nightly

import { randomUUID } from 'node:crypto';
import { ask, given } from './assay.mjs';

const job = encodeURIComponent(given('report.mjs <job>', 1)[0]);

// Sent twice under one key, a report counts once.
async function report(json) {
  const headers = { 'Idempotency-Key': randomUUID() };
  const answer = await ask('POST', `/api/v1/jobs/${job}/progress/`, { json, headers });
  return answer.json();
}

const frames = 5;
for (let done = 0; done < frames; done++) {
  await report({ stage: 'encoding', progress: done / frames, message: `Frame ${done} of ${frames}` });
}
const state = await report({ status: 'completed', result: { file: 'out.mp4' } });
console.log(state.status);
