// Axes, runs between gaps, and what lies nearest. Pure: the charts draw what this says.

// Round numbers within low…high, about `most` of them: [0, 0.5, 1].
export function ticks(low, high, most = 5) {
  if (!(high > low)) return [low];
  const rough = (high - low) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((one) => one >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

// A number as short as the distance to its neighbours allows: 0.25, 12, 8000.
export function short(value, step) {
  if (value === null || value === undefined) return "–";
  const decimals = Math.min(6, Math.max(0, -Math.floor(Math.log10(Math.abs(step) || 1) + 1e-9)));
  return value.toFixed(decimals).replace(/^-(0(\.0*)?)$/, "$1");
}

// Three digits that mean something, for a single value: 0.0123, 1.5, 12400.
export function plain(value) {
  if (value === null || value === undefined) return "–";
  return String(Number(value.toPrecision(3)));
}

// Seconds of media time to the millisecond, as short as they come: 1, 0.04, 12345.678.
export const moment = (seconds) => String(Number(seconds.toFixed(3)));

// The lowest and highest of the values of a panel, with its reference; its own scale where it has one.
export function rangeOf(panel) {
  if (panel.scale) return panel.scale;
  const values = [...panel.curves.flatMap((curve) => curve.values), ...(panel.band?.low ?? []), ...(panel.band?.high ?? [])];
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value === null) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  const room = (high - low) * 0.05 || Math.abs(high) * 0.05 || 0.5;
  return [low - room, high + room];
}

// The stretches of a curve between its gaps: [[[x, y], …], …].
export function runs(across, values) {
  const found = [];
  let open = null;
  values.forEach((value, at) => {
    if (value === null) open = null;
    else if (open) open.push([across[at], value]);
    else found.push(open = [[across[at], value]]);
  });
  return found;
}

// The outlines of a band, along its top and back along its foot: [[[x, y], …], …]; `ground` is the foot where it has none.
export function outlines(across, { low, high }, ground) {
  return runs([...across.keys()], high).map((run) => [
    ...run.map(([at, top]) => [across[at], top]),
    ...run.map(([at]) => [across[at], low[at] ?? ground]).reverse(),
  ]);
}

// The index of the entry of an ascending list that lies nearest.
export function nearest(ascending, value) {
  let low = 0;
  let high = ascending.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (ascending[middle] <= value) low = middle;
    else high = middle;
  }
  return Math.abs(ascending[high] - value) < Math.abs(value - ascending[low]) ? high : low;
}

// The score of a face nearest to a time, or null when none lies within half a second.
// points: [[pts_seconds, score | null, track, reason], …]
export function scoreOf(points, track, seconds, within = 0.5) {
  let best = null;
  let away = within;
  for (const [at, score, of] of points) {
    if (of !== track || score === null || Math.abs(at - seconds) > away) continue;
    away = Math.abs(at - seconds);
    best = score;
  }
  return best;
}

// Where in a box a thing of `width` × `height` lies when it is fitted into the middle: {left, top, width, height}.
export function fitted(box, width, height) {
  if (!width || !height) return { left: 0, top: 0, width: box.width, height: box.height };
  const scale = Math.min(box.width / width, box.height / height);
  const shown = { width: width * scale, height: height * scale };
  return { left: (box.width - shown.width) / 2, top: (box.height - shown.height) / 2, ...shown };
}
