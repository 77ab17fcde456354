// Follows a run to its end: ASSAY_URL=… ASSAY_KEY=… node follow.mjs <run> [<seq>]
// Where it was is kept by you: give the last seq it printed, and it goes on after that.
//
// In a browser, or with Node 22, open `/ws/topics/<topic>/?after=<seq>` with WebSocket instead: same events, same cursor.

import { ask, sleep } from './assay.mjs';

const endings = ['run.succeeded', 'run.failed', 'run.cancelled'];
const run = await (await ask('GET', `/api/v1/runs/${process.argv[2]}/`)).json();
let after = Number(process.argv[3] ?? 0);

for (let ended = false; !ended; ) {
  const page = await (await ask('GET', `/api/v1/topics/${run.topic}/events/?after=${after}`)).json();
  if (page.head < after) throw new Error(`the log ends at ${page.head}: begin again with 0`);
  for (const event of page.events) {
    console.log(event.seq, event.hash, event.type, event.message);
    // A run that was tried again has endings in the middle of its log.
    ended = endings.includes(event.type) && event.seq === page.head;
  }
  // Emptied lines are named in `thinned`; the cursor passes over them.
  after = Math.max(after, ...page.events.map((event) => event.seq), ...page.thinned.map((gap) => gap.last));
  if (!ended && page.complete) {
    const { state } = await (await ask('GET', `/api/v1/runs/${run.id}/`)).json();
    ended = after === page.head && ['succeeded', 'failed', 'cancelled'].includes(state) && page.events.length === 0;
    if (!ended) await sleep(1000);
  }
}
