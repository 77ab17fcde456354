// From the footage in a run's state to what the page shows: lanes of findings, stacked, with gaps and merged rests. Pure.

const CLASS_LANES = 12;
const ENDED = ["finished", "abstained"];

// Lanes in the order they stay in: motion, classes as they first came, plates. `watchers` names who tells of footage.
// A lane: {key, name (a class), findings, rest: {count, spans}, gaps: [[from, to], …]}; a finding:
// {key, seq, kind, from, to (null while it goes on), until (as far as it is known), at, told: [pts, …], …}.
export function lanesOf(state, watchers, { until }) {
  const { footage } = state;
  const gaps = [...footage.gaps, ...unseen(state, watchers, until)];
  const lane = (key, name, findings, rows) => ({ key, name, findings, rest: merged(rows), gaps });
  const looked = lookedTo(state, watchers);
  const kinds = (kind) => footage.rest.filter((row) => row.kind === kind);
  return [
    lane("motion", null, footage.spells.map((spell) => spellFinding(spell, looked)), kinds("motion")),
    ...classLanes(footage, looked, lane),
    lane("plates", null, footage.plates.map(plateFinding), kinds("plate")),
  ];
}

function classLanes(footage, looked, lane) {
  const further = footage.rest.filter((row) => row.kind === "track");
  const names = [...new Set([...footage.tracks, ...further].map((one) => one.class))];
  const own = new Set(names.length > CLASS_LANES ? names.slice(0, CLASS_LANES - 1) : names);
  const classOf = new Map(footage.tracks.map((track) => [track.track, track.class]));
  const of = (fits) => [
    ...footage.tracks.filter((track) => fits(track.class)).map((track) => trackFinding(track, looked)),
    ...footage.marks.filter((mark) => fits(classOf.get(mark.track) ?? mark.class)).map(markFinding),
  ].sort((a, b) => a.at - b.at || a.seq - b.seq);
  const lanes = [...own].map((name) => lane(`class ${name}`, name, of((given) => given === name), further.filter((row) => row.class === name)));
  if (own.size < names.length) lanes.push(lane("others", null, of((given) => !own.has(given)), further.filter((row) => !own.has(row.class))));
  return lanes;
}

const spellFinding = (spell, looked) => ({
  ...spell, key: `motion ${spell.seq}`, kind: "motion", at: spell.from, until: spell.to ?? Math.max(spell.from, looked),
  told: spell.to === null ? [spell.from] : [spell.from, spell.to],
});

const trackFinding = (track, looked) => ({
  ...track, key: `track ${track.seq}`, kind: "track", until: track.to ?? Math.max(track.last, looked),
  told: track.boxes.length ? track.boxes.map((box) => box[0]) : [track.at],
});

const markFinding = (mark) => ({ ...mark, what: mark.kind, key: `mark ${mark.seq}`, kind: "mark", from: mark.at, to: mark.at, until: mark.at, told: [mark.at], picture: null });

const plateFinding = (plate) => ({ ...plate, key: `plate ${plate.seq}`, kind: "plate", from: plate.at, to: plate.at, until: plate.at, told: plate.at === null ? [] : [plate.at] });

// Spans of several kinds of what was merged, side by side.
function merged(rows) {
  return { count: rows.reduce((sum, row) => sum + row.count, 0), spans: rows.flatMap((row) => row.spans) };
}

// How far those who tell of footage have got.
export const lookedTo = (state, watchers) => Math.max(0, ...watchers.map((name) => state.detectors[name]?.pts_seconds ?? 0));

// What nobody has looked at: the rest of the file, unless somebody came to its end.
function unseen(state, watchers, until) {
  const rows = watchers.map((name) => state.detectors[name]).filter(Boolean);
  if (!rows.length || rows.some((row) => ENDED.includes(row.state))) return [];
  const looked = lookedTo(state, watchers);
  return looked < until ? [[looked, until]] : [];
}

// The last moment anything was told of.
export function lastSeen({ spells, tracks, plates, gaps }) {
  const ends = [...spells.map((one) => one.to ?? one.from), ...tracks.map((one) => one.last), ...plates.map((one) => one.at ?? 0), ...gaps.map((gap) => gap[1])];
  return ends.reduce((most, one) => Math.max(most, one), 0);
}

// In which row each bar is drawn so that none covers another: [{…, row}, …]; beyond `most` rows they share the last.
export function stacked(findings, most = 12) {
  const ends = [];
  const rows = findings.filter((one) => one.kind !== "mark").sort((a, b) => a.from - b.from || a.seq - b.seq).map((finding) => {
    let row = ends.findIndex((end) => end < finding.from);
    if (row < 0) row = Math.min(ends.length, most - 1);
    ends[row] = Math.max(ends[row] ?? 0, finding.until);
    return { finding, row };
  });
  return { rows, count: Math.max(1, ends.length) };
}

// How long something moved, overlapping spells once, and in how many spells; with what was merged.
export function motionOf(lane) {
  const spans = [...lane.findings.map((one) => [one.from, one.until]), ...lane.rest.spans].sort((a, b) => a[0] - b[0]);
  let seconds = 0;
  let end = -Infinity;
  for (const [from, to] of spans) {
    seconds += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return { seconds, count: lane.findings.length + lane.rest.count };
}

// All findings with a time, in its order: what one can jump between.
export function stops(lanes) {
  return lanes.flatMap((lane) => lane.findings).filter((one) => one.at !== null).map((finding) => ({ seconds: finding.at, finding }))
    .sort((a, b) => a.seconds - b.seconds || a.finding.seq - b.finding.seq);
}

// The frame of a finding nearest to a time: of those it was told for.
export function nearestTold({ told, at }, seconds) {
  return told.reduce((best, one) => (Math.abs(one - seconds) < Math.abs(best - seconds) ? one : best), told[0] ?? at);
}
