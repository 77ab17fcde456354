// Zones, lines and masks while they are edited: a list of outlines in 0–1, origin top left. Pure.

export const KINDS = ["zones", "lines", "masks"];
export const MOST = 32;
export const LEAST_POINTS = 3;
export const MOST_POINTS = 64;
const DIGITS = 4;
const BEGINNING = { zones: [[0.3, 0.3], [0.7, 0.3], [0.7, 0.7], [0.3, 0.7]], masks: [[0.05, 0.05], [0.3, 0.05], [0.3, 0.2], [0.05, 0.2]], lines: [[0.5, 0.25], [0.5, 0.75]] };

const within = (value) => Math.min(1, Math.max(0, Number.isFinite(value) ? Number(value.toFixed(DIGITS)) : 0));
export const pointAt = (x, y) => [within(x), within(y)];

// [{kind, name, points}, …], in the order of the settings.
export function outlinesOf({ zones, lines, masks }) {
  const area = (kind) => ({ name, polygon }) => ({ kind, name, points: polygon });
  return [...zones.map(area("zones")), ...lines.map(({ name, start, end }) => ({ kind: "lines", name, points: [start, end] })), ...masks.map(area("masks"))];
}

export function settingsOf(outlines) {
  const of = (kind) => outlines.filter((one) => one.kind === kind);
  const area = ({ name, points }) => ({ name, polygon: points });
  return { zones: of("zones").map(area), lines: of("lines").map(({ name, points: [start, end] }) => ({ name, start, end })), masks: of("masks").map(area) };
}

// `named(number)` is the name of the nth of its kind; the first that is free is taken.
export function added(outlines, kind, named) {
  const names = new Set(outlines.filter((one) => one.kind === kind).map((one) => one.name));
  let number = 1;
  while (names.has(named(number))) number += 1;
  return [...outlines, { kind, name: named(number), points: BEGINNING[kind] }];
}

export const isFull = (outlines, kind) => outlines.filter((one) => one.kind === kind).length >= MOST;
export const changed = (outlines, at, change) => outlines.map((one, nth) => (nth === at ? { ...one, ...change } : one));
export const without = (outlines, at) => outlines.filter((_, nth) => nth !== at);

export const movedTo = (points, at, [x, y]) => points.map((point, nth) => (nth === at ? pointAt(x, y) : point));
export const movedBy = (points, at, dx, dy) => movedTo(points, at, [points[at][0] + dx, points[at][1] + dy]);

export const canGrow = ({ kind, points }) => kind !== "lines" && points.length < MOST_POINTS;
export const canShrink = ({ kind, points }) => kind !== "lines" && points.length > LEAST_POINTS;

// With a point in the middle of the edge behind `at`; it is the one at `at + 1`.
export function halved(points, at) {
  const [a, b] = [points[at], points[(at + 1) % points.length]];
  return inserted(points, at + 1, pointAt((a[0] + b[0]) / 2, (a[1] + b[1]) / 2));
}

export const inserted = (points, at, point) => [...points.slice(0, at), point, ...points.slice(at)];
export const shortened = (points, at) => points.filter((_, nth) => nth !== at);

// Behind which point a new one belongs: on the edge it is nearest to.
export function nearestEdge(points, [x, y]) {
  const far = points.map((from, at) => distance([x, y], from, points[(at + 1) % points.length]));
  return far.indexOf(Math.min(...far));
}

function distance([x, y], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const along = dx || dy ? Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy))) : 0;
  return Math.hypot(x - ax - along * dx, y - ay - along * dy);
}

// Which outline an error of the server is about, by its field: "settings.zones.0.polygon" → its place in the list, or -1.
export function placeOf(outlines, field) {
  const [, kind, nth] = /^settings\.(zones|lines|masks)\.(\d+)/.exec(field) ?? [];
  if (!kind) return -1;
  const places = outlines.flatMap((one, at) => (one.kind === kind ? [at] : []));
  return places[Number(nth)] ?? -1;
}
