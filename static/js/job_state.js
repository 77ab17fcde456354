// What an external job looks like after some of its events: a fold that goes on from the server's own row. Pure.

const STATES = { "job.reported": "processing", "job.stalled": "stalled", "job.succeeded": "completed", "job.failed": "failed" };

// The state after one more event; one it has seen already is passed over.
export function fold(state, event) {
  if (event.seq <= state.seq) return state;
  const seen = { ...state, seq: event.seq };
  const name = event.type === "job.reported" && event.data.stage === "queued" && event.seq === 1 ? "queued" : STATES[event.type];
  if (!name) return seen;
  const { stage = state.stage, progress = state.progress } = event.data;
  // nobody was heard of when a job is found to be stalled, or fails for it
  const time = name === "stalled" || stage === "stalled" ? state.time : event.time;
  return { ...seen, state: name, stage, progress, message: event.message || stage, time };
}

export const isEnding = (type) => type === "job.succeeded" || type === "job.failed";

export const isOpen = (state) => state.state !== "completed" && state.state !== "failed";

// 100 only when it is all; rounded first, because 0.29 * 100 is 28.999…
export const percentOf = (part) => Math.floor(Number((part * 100).toFixed(6)));
