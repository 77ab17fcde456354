// Follows a run to its end: ASSAY_URL=… ASSAY_KEY=… node follow.mjs <run, job or topic> [<seq>]
// Where it was is kept by you: give the last seq it printed, and it goes on after that.
//
// In a browser, or with Node 22, open `/ws/topics/<topic>/?after=<seq>` with WebSocket instead: same events, same cursor.

import { ask, given, sleep } from './assay.mjs';

const endings = ['run.succeeded', 'run.failed', 'run.cancelled', 'job.succeeded', 'job.failed'];
const reopenings = ['run.retried', 'job.reported'];
const over = ['succeeded', 'failed', 'cancelled', 'completed'];
const [what, seq = '0'] = given('follow.mjs <run, job or topic> [<seq>]', 1, 2);
const get = async (path) => (await ask('GET', `/api/v1/${path}`)).json();

async function found(path) {
  try {
    return await get(path);
  } catch (refused) {
    if (refused.status !== 404) throw refused;
    return null;
  }
}

// Of a run or a job; a topic names its own in its first line.
async function find(id) {
  for (const place of [`runs/${id}/`, `jobs/${id}/`]) {
    const one = await found(place);
    if (one) return [one.topic, place];
  }
  const { run, job_id: job } = (await get(`topics/${id}/events/?after=0&limit=1`)).events[0]?.data ?? {};
  return [id, run ? `runs/${run}/` : job ? `jobs/${encodeURIComponent(job)}/` : null];
}

const [topic, place] = await find(encodeURIComponent(what));
let after = Number(seq);
let ended = false;
let complete = false;

while (!(ended && complete)) {
  if (complete) {
    await sleep(1000);
    // For who did not see the ending. Asked before the page is read: the lines up to it are on that page then.
    const state = place && (await found(place));
    ended ||= Boolean(state) && over.includes(state.state ?? state.status);
  }
  const page = await get(`topics/${topic}/events/?after=${after}`);
  if (page.head < after) throw new Error(`the log ends at ${page.head}: begin again with 0`);
  for (const event of page.events) {
    console.log(event.seq, event.hash, event.type, event.message);
    // Lines may follow an ending; only `run.retried` and `job.reported` take it back.
    if (endings.includes(event.type)) ended = true;
    if (reopenings.includes(event.type)) ended = false;
  }
  // Emptied lines are named in `thinned`; the cursor passes over them.
  after = Math.max(after, ...page.events.map((event) => event.seq), ...page.thinned.map((gap) => gap.last));
  complete = page.complete;
}
