// From score points to lines with gaps. Pure: the chart draws what this says.

// points: [[pts_seconds, score | null, track | null, reason | null], …] in the order they were measured.
// Returns {lines: [{track, runs: [[[x, y], …], …]}], gaps: [[from, to], …]}; x in 0–1 of `duration`, y is the score.
// A line breaks where nothing was assessable and where a track was not seen for more than three steps.
export function curve(points, duration) {
  const step = usualStep(points);
  const at = (seconds) => Math.min(1, Math.max(0, seconds / duration));
  const tracks = new Map();
  for (const [seconds, score, track] of points) {
    if (score === null) continue;
    const line = tracks.get(track ?? 0) ?? { runs: [], last: null };
    if (line.last === null || seconds - line.last > step * 3) line.runs.push([]);
    line.runs.at(-1).push([at(seconds), score]);
    line.last = seconds;
    tracks.set(track ?? 0, line);
  }
  const lines = [...tracks].sort(([a], [b]) => a - b).map(([track, { runs }]) => ({ track, runs }));
  return { lines, gaps: gapsOf(points, step).map(([from, to]) => [at(from), at(to)]) };
}

// Stretches in which no point has a score, each as wide as what it stands for.
export function gapsOf(points, step = usualStep(points)) {
  const scored = new Set(points.filter((point) => point[1] !== null).map((point) => point[0]));
  const empty = [...new Set(points.filter((point) => point[1] === null).map((point) => point[0]))];
  const gaps = [];
  for (const seconds of empty.filter((time) => !scored.has(time)).sort((a, b) => a - b)) {
    const last = gaps.at(-1);
    if (last && seconds - last[1] <= step * 1.5) last[1] = seconds + step;
    else gaps.push([seconds, seconds + step]);
  }
  return gaps;
}

export function usualStep(points) {
  const times = [...new Set(points.map((point) => point[0]))].sort((a, b) => a - b);
  const steps = times.slice(1).map((time, index) => time - times[index]);
  return steps.length ? steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)] : 0.2;
}

// The length of the time axis: what the file says, or what was measured when the file claims less or nothing.
export function durationOf(claimed, rows) {
  const seen = Math.max(0, ...rows.map((row) => Math.max(row.pts_seconds ?? 0, row.points.at(-1)?.[0] ?? 0)));
  return Math.max(claimed ?? 0, seen) || 1;
}
