// The state of a run as a fold of its events. Pure: no clock, no page, no network.
// analysis/live_state.py is its twin on the server; both answer alike for every prefix of a log, and a test holds
// them against each other.
import { EMPTY_FOOTAGE, FOOTAGE_STEPS } from "./footage/state.js";

export const EMPTY = Object.freeze({
  seq: 0,
  time: null,
  state: "queued",
  attempt: 0,
  filename: null,
  order: [],
  detectors: {},
  stages: [],
  outcome: null,
  error: null,
  retried: null,
  footage: EMPTY_FOOTAGE,
});

const newDetector = (name) => ({
  name,
  title: name,
  unit: "frames",
  state: "waiting",
  done: 0,
  total: null,
  fps: null,
  seconds_left: null,
  pts_seconds: 0,
  faces: null,
  pictures: null,
  points: [],
  assessment: null,
  seconds: null,
  error: null,
});

const fresh = (state) => ({ ...state, order: [], detectors: {}, stages: [], outcome: null, error: null, footage: EMPTY_FOOTAGE });

// The row of a detector, changed by what `change` says of the row before.
function withDetector(state, name, change = () => ({})) {
  const before = state.detectors[name] ?? newDetector(name);
  const order = name in state.detectors ? state.order : [...state.order, name];
  return { ...state, order, detectors: { ...state.detectors, [name]: { ...before, ...change(before) } } };
}

const withDetectors = (state, names) => (names ?? []).reduce((next, name) => withDetector(next, name), state);

function detectorEnded(how) {
  return (state, data) =>
    withDetector(state, data.detector, (before) => ({
      state: how,
      title: data.title ?? before.title,
      assessment: data.assessment ?? null,
      seconds: data.seconds ?? null,
      error: data.error ?? null,
      seconds_left: null,
      fps: null,
    }));
}

function progressed(before, data) {
  if (data.done < before.done) return {};
  const { total = null, fps = null, seconds_left = null, faces = null } = data;
  return { state: "running", done: data.done, unit: data.unit, pts_seconds: data.pts_seconds || 0, total, fps, seconds_left, faces };
}

function halted(state, how) {
  const halt = (row) => (["waiting", "running"].includes(row.state) ? { ...row, state: how, seconds_left: null, fps: null } : row);
  return { ...state, detectors: Object.fromEntries(Object.entries(state.detectors).map(([name, row]) => [name, halt(row)])) };
}

const stageStarted = (state, { stage }) => ({
  ...state,
  stages: [...state.stages.filter((other) => other.stage !== stage), { stage, state: "running", seconds: null }],
});

const stageFinished = (state, { stage, seconds = null }) => ({
  ...state,
  stages: state.stages.map((other) => (other.stage === stage ? { ...other, state: "finished", seconds } : other)),
});

const STEPS = {
  "run.queued": (state, data) =>
    withDetectors({ ...fresh(state), state: "queued", filename: data.filename ?? null }, data.detectors),
  "run.started": (state, data) => withDetectors({ ...fresh(state), state: "running", attempt: data.attempt }, data.detectors),
  "run.retried": (state, data) => ({ ...fresh(state), state: "queued", retried: data.reason ?? null }),
  "stage.started": stageStarted,
  "stage.finished": stageFinished,
  "detector.started": (state, data) =>
    withDetector(state, data.detector, (before) => ({
      state: "running",
      title: data.title ?? before.title,
      unit: data.unit ?? before.unit,
    })),
  "run.progressed": (state, data) => withDetector(state, data.detector, (before) => progressed(before, data)),
  "score.measured": (state, data) =>
    withDetector(state, data.detector, (before) => ({ points: before.points.concat(data.points) })),
  "visualization.progressed": (state, { detector, done, total }) => withDetector(state, detector, () => ({ pictures: { done, total } })),
  "detector.finished": detectorEnded("finished"),
  "detector.abstained": detectorEnded("abstained"),
  "detector.failed": detectorEnded("failed"),
  // every detector ends before its run does: whose ending is not read was emptied
  "run.succeeded": (state, { outcome: name = null, sentence = null, why = null, limit = null }) => ({
    ...halted(state, "emptied"),
    state: "succeeded",
    outcome: { name, sentence, why, limit },
  }),
  "run.failed": (state, { code = null, error: message = null, filename = null }) => ({
    ...halted(state, "stopped"),
    state: "failed",
    error: { code, message, filename },
  }),
  "run.cancelled": (state) => ({ ...halted(state, "stopped"), state: "cancelled" }),
};

// The state after one more event; one it has seen already is passed over.
export function fold(state, event) {
  if (event.seq <= state.seq) return state;
  const seen = { ...state, seq: event.seq, time: event.time };
  const step = STEPS[event.type];
  if (step) return step(seen, event.data);
  const look = FOOTAGE_STEPS[event.type];
  return look ? { ...seen, footage: look(seen.footage, event.data, event.seq) } : seen;
}

export const isEnding = (type) => ["run.succeeded", "run.failed", "run.cancelled"].includes(type);

export const underWay = (state) => state.state === "queued" || state.state === "running";

// How many detectors have ended, of how many.
export function endedOf(state) {
  const rows = Object.values(state.detectors);
  return { done: rows.filter((row) => ["finished", "abstained", "failed"].includes(row.state)).length, total: rows.length };
}
