// What was seen in footage, as a fold of its events, bounded however long the clip. Pure.
// analysis/live_footage.py is its twin on the server and says what is kept; both answer alike for every prefix of a log.

const KEPT = 200; // spells, tracks and plates each
const MARKS = 300;
const BOXES = 3000;
const SPANS = 40;
const CLASSES = 20;
const SIGNS = 16;
const CANDIDATES = 3;
const TEXT = 120;

export const EMPTY_FOOTAGE = Object.freeze({ spells: [], tracks: [], plates: [], marks: [], rest: [], gaps: [] });

const number = (value) => (typeof value === "number" ? value : null);
// cut by characters as the server counts them, not by halves of them
const text = (value) => (typeof value === "string" && value ? [...value].slice(0, TEXT).join("") : null);
const isMapping = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const mappings = (value) => (Array.isArray(value) ? value.filter(isMapping) : []);
const isName = (value) => typeof value === "string" || Number.isInteger(value);
const box = (value) => (Array.isArray(value) && value.length === 4 && value.every((side) => typeof side === "number") ? value : null);
const changed = (items, place, change) => items.map((item, at) => (at === place ? { ...item, ...change } : item));
const lengthOf = (data, name) => number(data[name]) ?? 0;

// Ascending spans with one more; those that meet become one, and beyond SPANS the two nearest do.
export function joined(spans, begins, ends) {
  const isApart = (span) => span[1] < begins || span[0] > ends;
  const met = spans.filter((span) => !isApart(span));
  const whole = [Math.min(begins, ...met.map((span) => span[0])), Math.max(ends, ...met.map((span) => span[1]))];
  let found = [...spans.filter(isApart), whole].sort((a, b) => a[0] - b[0]);
  while (found.length > SPANS) {
    const between = found.slice(1).map((span, at) => span[0] - found[at][1]);
    const at = between.indexOf(Math.min(...between));
    found = [...found.slice(0, at), [found[at][0], found[at + 1][1]], ...found.slice(at + 2)];
  }
  return found;
}

// With one more of those that do not stand one by one; classes beyond CLASSES count under no name.
function further(seen, kind, name, span, count) {
  const placeOf = (called) => seen.rest.findLastIndex((row) => row.kind === kind && row.class === called);
  let called = name;
  if (placeOf(called) < 0 && seen.rest.length >= CLASSES) called = "";
  let place = placeOf(called);
  let rest = seen.rest;
  if (place < 0) {
    place = rest.length;
    rest = [...rest, { kind, class: called, count: 0, spans: [] }];
  }
  const row = rest[place];
  return { ...seen, rest: changed(rest, place, { count: row.count + count, spans: span ? joined(row.spans, ...span) : row.spans }) };
}

// Which line has the picture: the first that kept one, else why the last that told of one has none.
function picture(before, data, seq) {
  if (before.picture === "kept" || !isMapping(data.snapshot)) return { picture: before.picture ?? null, pictured: before.pictured ?? null };
  const { path, missing } = data.snapshot;
  return { picture: typeof path === "string" && path ? "kept" : text(missing) ?? "gone", pictured: seq };
}

const moved = (data) => ({ intensity: number(data.intensity), area: number(data.area), box: box(data.box) });
const spell = (data, seq, begins, ends) => ({ seq, detector: text(data.detector), from: begins, to: ends, ...moved(data), ...picture({}, data, seq) });

function motionStarted(seen, data, seq) {
  const at = number(data.pts_seconds);
  if (at === null) return seen;
  if (seen.spells.length >= KEPT) return further(seen, "motion", "", [at, at], 1);
  return { ...seen, spells: [...seen.spells, spell(data, seq, at, null)] };
}

function motionEnded(seen, data, seq) {
  const at = number(data.pts_seconds);
  if (at === null) return seen;
  const began = Math.max(0, at - lengthOf(data, "duration_seconds"));
  const place = seen.spells.findLastIndex((one) => one.to === null && one.detector === text(data.detector));
  if (place >= 0) {
    const said = Object.fromEntries(Object.entries(moved(data)).filter(([, value]) => value !== null));
    return { ...seen, spells: changed(seen.spells, place, { ...said, ...picture(seen.spells[place], data, seq), to: at }) };
  }
  if (seen.spells.length >= KEPT || seen.rest.some((row) => row.kind === "motion")) return further(seen, "motion", "", [began, at], 0);
  return { ...seen, spells: [...seen.spells, spell(data, seq, began, at)] };
}

const UNSEEN = { class: "", to: null, last: 0, confidence: null, boxes: [], picture: null, pictured: null };

const tracked = (action) => (seen, data, seq) => {
  const at = number(data.pts_seconds);
  if (at === null || !isName(data.track)) return seen;
  const detector = text(data.detector);
  const began = Math.max(0, at - lengthOf(data, "dwell_seconds"));
  let place = seen.tracks.findLastIndex((one) => one.track === data.track && one.detector === detector);
  if (place < 0 && seen.tracks.length >= KEPT) {
    return marked(further(seen, "track", text(data.class) ?? "", [began, at], action === "entered" ? 1 : 0), data, seq, at);
  }
  let { tracks } = seen;
  if (place < 0) {
    place = tracks.length;
    tracks = [...tracks, { track: data.track, detector, seq, at, from: began, ...UNSEEN }];
  }
  tracks = changed(tracks, place, track(tracks[place], data, seq, at, action === "left"));
  return marked({ ...seen, tracks: thinned(tracks) }, data, seq, at);
};

function track(before, data, seq, at, left) {
  const confidence = number(data.confidence);
  const known = before.confidence;
  const told = box(data.box);
  const boxes = told ? [...before.boxes.filter((one) => one[0] !== at), [at, ...told]] : before.boxes;
  return {
    class: text(data.class) ?? before.class,
    to: left ? at : before.to,
    last: Math.max(before.last, at),
    confidence: confidence === null || (known !== null && known > confidence) ? known : confidence,
    boxes,
    ...picture(before, data, seq),
  };
}

function thinned(tracks) {
  let kept = tracks;
  while (kept.reduce((sum, one) => sum + one.boxes.length, 0) > BOXES) {
    const most = Math.max(...kept.map((one) => one.boxes.length));
    const place = kept.findIndex((one) => one.boxes.length === most);
    kept = changed(kept, place, { boxes: kept[place].boxes.filter((_, at) => at % 2 === 0 || at === most - 1) });
  }
  return kept;
}

// With the visit of a zone or the crossing of a line that the update was told for.
function marked(seen, data, seq, at) {
  const { zone, line } = data;
  let said;
  if (isMapping(zone)) said = { kind: `zone_${text(zone.action) ?? "entered"}`, name: text(zone.name) ?? "", seconds: number(zone.inside_seconds) };
  else if (isMapping(line)) said = { kind: `line_${text(line.direction) ?? "crossed"}`, name: text(line.name) ?? "", seconds: null };
  else return seen;
  if (seen.marks.length >= MARKS) return further(seen, "mark", "", [at, at], 1);
  return { ...seen, marks: [...seen.marks, { seq, at, track: data.track, class: text(data.class) ?? "", ...said }] };
}

function plateRead(seen, data, seq) {
  const at = number(data.pts_seconds);
  if (seen.plates.length >= KEPT) return further(seen, "plate", "", at === null ? null : [at, at], 1);
  const plate = {
    seq,
    at,
    plate: text(data.written) ?? text(data.plate) ?? "",
    confidence: number(data.confidence),
    region: text(data.region),
    track: isName(data.track) ? data.track : null,
    box: box(data.box),
    reads: number(data.reads),
    signs: mappings(data.signs).slice(0, SIGNS).map((one) => [text(one.sign) ?? "", number(one.confidence), text(one.read_as)]),
    candidates: mappings(data.candidates).slice(0, CANDIDATES).map((one) => text(one.plate) ?? ""),
    doubt: text(data.doubt),
    ...picture({}, data, seq),
  };
  return { ...seen, plates: [...seen.plates, plate] };
}

function gap(seen, data) {
  const begins = number(data.from_seconds);
  const ends = number(data.to_seconds);
  // where one detector did not look, others did
  if (begins === null || ends === null || ends < begins || data.detector) return seen;
  return { ...seen, gaps: joined(seen.gaps, begins, ends) };
}

export const FOOTAGE_STEPS = {
  "motion.started": motionStarted,
  "motion.ended": motionEnded,
  "track.entered": tracked("entered"),
  "track.updated": tracked("updated"),
  "track.left": tracked("left"),
  "plate.read": plateRead,
  "camera.gap": gap,
};
