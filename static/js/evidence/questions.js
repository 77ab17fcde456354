// Which score of a detector can be asked about, and what an answer comes to. Pure: the page shows what this says.
import { nearest } from "./scales.js";

const FEW = 8;
const DIGITS = 6; // of scores of a curve on record
const LOUD = new Set(["different", "changed", "absent"]);
const OPEN = new Set(["queued", "running"]);

// The scores that can be asked about: of the file as a whole first, then those of the moment that was read (`read`:
// {seconds, track?} | null). Where nothing was read: all of a few, or the highest of many.
// points: [[pts_seconds, score | null, track, reason], …]
export function choices({ points, assessment }, read = null) {
  const scored = points.filter(([, score]) => score !== null).map(([pts_seconds, score, track]) => ({ pts_seconds, score, track: track ?? null }));
  const whole = assessment?.kind === "verdict" ? [{ pts_seconds: null, track: null, score: assessment.score }] : [];
  return [...whole, ...(read ? atMoment(scored, read) : offered(scored))];
}

// The chosen face first, where one was chosen.
function atMoment(scored, { seconds, track = null }) {
  const of = track === null ? scored : scored.filter((one) => one.track === track);
  if (!of.length) return [];
  const times = [...new Set(of.map((one) => one.pts_seconds))].sort((one, other) => one - other);
  const there = scored.filter((one) => one.pts_seconds === times[nearest(times, seconds)]);
  return there.sort((one, other) => (other.track === track) - (one.track === track) || other.score - one.score);
}

function offered(scored) {
  if (scored.length <= FEW) return scored;
  return [scored.reduce((best, one) => (one.score > best.score ? one : best))];
}

export const keyOf = ({ pts_seconds, track }) => (pts_seconds === null ? "" : `${pts_seconds}/${track ?? ""}`);

// What is sent: `pts_seconds` and `track` as the log has them, neither for the file as a whole.
export function questionOf(detector, { pts_seconds, track }) {
  if (pts_seconds === null) return { detector };
  return track === null ? { detector, pts_seconds } : { detector, pts_seconds, track };
}

export const isOpen = (trace) => OPEN.has(trace.state);

// How a trace stands: the name of its words and its icon, and whether nobody may miss it.
export function standing({ state, answer }) {
  if (!answer) return { word: state, icon: state, loud: state === "failed" };
  const { comparison } = answer;
  const loud = LOUD.has(comparison);
  return { word: comparison, icon: loud ? "failed" : "succeeded", loud };
}

export const exact = (value) => (value === null || value === undefined ? "–" : value.toFixed(DIGITS));

// "0", "+0.0123", "-1.20e-7"
export function difference(value) {
  if (value === null || value === undefined) return "–";
  return value === 0 ? "0" : `${value > 0 ? "+" : ""}${value.toPrecision(3)}`;
}

// Newest first, each once: what came later replaces what is known of the same question.
export function merged(known, more) {
  const all = new Map([...known, ...more].map((trace) => [trace.id, trace]));
  return [...all.values()].sort((one, other) => other.created.localeCompare(one.created) || other.id.localeCompare(one.id));
}
