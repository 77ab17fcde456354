// What the status panel shows, folded from what the user socket says and what lists of runs and jobs say. Pure.
// One entry per run or job under way, changed in its place; an ended one says so, and goes a moment later.

const UNDER_WAY = new Set(["queued", "running", "stalled"]);
const JOB_STATES = { queued: "queued", processing: "running", stalled: "stalled", completed: "succeeded", failed: "failed" };

export const empty = () => ({ entries: {}, order: [] });

const entryOf = (run, before) => ({
  run: run.id,
  media: run.media ?? before?.media ?? null,
  filename: run.filename ?? before?.filename ?? null,
  state: run.state,
  outcome: run.outcome ?? null,
  message: before?.message || (run.told ?? ""),
  shares: before?.attempt === run.attempt ? before.shares : {},
  attempt: run.attempt ?? 0,
  job: run.job ?? before?.job ?? null,
  part: run.part ?? before?.part ?? null,
  href: run.href ?? before?.href ?? `/runs/${run.id}/`,
});

// An external job as REST says it, in the shape of a run. It goes by its topic, which its frames name too.
export const jobEntry = ({ id, job_id: job, topic, status, progress, message }) => ({
  id: topic, job, filename: job, state: JOB_STATES[status], attempt: 0, part: progress, sentence: message, told: message, href: `/jobs/${id}/`,
});

// Entries under way that are not among `runs`: their own state is to be asked for.
export const unlisted = (state, runs) => state.order.filter((id) => knows(state, id) && !runs.some((run) => run.id === id));

// All runs under way. Entries that are not among them have ended: they are marked, not dropped.
export function listed(state, runs) {
  const under = runs.filter((run) => UNDER_WAY.has(run.state));
  const entries = Object.fromEntries(under.map((run) => [run.id, entryOf(run, state.entries[run.id])]));
  for (const id of state.order) entries[id] ??= { ...state.entries[id], state: "ended" };
  return { entries, order: [...state.order, ...under.map((run) => run.id).filter((id) => !state.order.includes(id))] };
}

export function gone(state, id) {
  if (!state.entries[id]) return state;
  const { [id]: _gone, ...entries } = state.entries;
  return { entries, order: state.order.filter((other) => other !== id) };
}

export const knows = (state, id) => state.entries[id] !== undefined && state.entries[id].state !== "ended";

// A progress line of a run that is known to be under way.
export function progressed(state, { run: id, model, done, total, message }) {
  if (!knows(state, id)) return state;
  const entry = state.entries[id];
  const before = entry.shares[model] ?? 0;
  const shares = total && model !== "run" ? { ...entry.shares, [model]: Math.max(before, Math.min(1, done / total)) } : entry.shares;
  return { ...state, entries: { ...state.entries, [id]: { ...entry, state: "running", message: message || entry.message, shares } } };
}

// A report of a job that is known to be under way.
export function reported(state, { topic, done, total, message, stalled }) {
  if (!knows(state, topic)) return state;
  const entry = state.entries[topic];
  const part = total && Number.isFinite(done / total) ? Math.max(0, Math.min(1, done / total)) : entry.part;
  const said = { state: stalled ? "stalled" : "running", part, message: message || entry.message };
  return { ...state, entries: { ...state.entries, [topic]: { ...entry, ...said } } };
}

// A job that waits or says nothing: nobody has to be shown it all the time.
export const idle = (entry) => entry.job !== null && (entry.state === "queued" || entry.state === "stalled");

// 0–1 over all detectors heard of, or null while nothing is known.
export function share(entry) {
  if (entry.job !== null) return entry.part;
  const known = Object.values(entry.shares);
  return known.length ? known.reduce((sum, part) => sum + part, 0) / known.length : null;
}

export const ended = (state) => state.order.filter((id) => state.entries[id].state === "ended");
