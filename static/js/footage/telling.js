// What was seen, in words.
import { instant } from "../format.js";
import { say } from "../words.js";
import { motionOf } from "./findings.js";

const MARKS = ["zone_entered", "zone_left", "line_to_left", "line_to_right"];
const isNumber = (value) => typeof value === "number";
const plain = (value, digits = 2) => value.toFixed(digits);

// Classes nobody has words for are said by their own name.
const known = (name) => say(`footage.class.${name}`) !== `class.${name}`;
export const classWord = (name) => (known(name) ? say(`footage.class.${name}`) : name);

export function counted(name, count) {
  if (count === 1) return `1 ${classWord(name)}`;
  return known(name) ? say(`footage.classes.${name}`, { count }) : say("footage.count", { count, name });
}

export const named = ({ class: name, track }) => say("footage.named", { class: classWord(name), track });

function span({ from, to, until }, live) {
  if (to === null) return say(live ? "footage.open" : "footage.unended", { begins: instant(from) });
  return say("footage.span", { begins: instant(from), ends: instant(until) });
}

// A finding as a sentence without a full stop: "car 15, 0:04.2–0:09.1, confidence 0.91".
export function described(finding, live) {
  return [headline(finding, live), ...details(finding)].join(", ");
}

export function headline(finding, live) {
  if (finding.kind === "motion") return say("footage.spell", { span: span(finding, live) });
  if (finding.kind === "track") return say("footage.track", { what: named(finding), span: span(finding, live) });
  if (finding.kind === "plate") return say(finding.at === null ? "footage.plate_untimed" : "footage.plate", { plate: finding.plate, time: instant(finding.at) });
  const what = MARKS.includes(finding.what) ? finding.what : "line_crossed";
  return say(`footage.${what}`, { what: named(finding), name: finding.name, time: instant(finding.at) });
}

export function details(finding) {
  const said = isNumber(finding.confidence) ? [say("footage.confidence", { confidence: plain(finding.confidence) })] : [];
  if (isNumber(finding.intensity)) said.push(say("footage.intensity", { intensity: plain(finding.intensity) }));
  if (isNumber(finding.area)) said.push(say("footage.area", { percent: plain(finding.area * 100, 1) }));
  if (finding.kind === "mark" && finding.seconds) said.push(say("footage.inside", { seconds: plain(finding.seconds, 1) }));
  return finding.kind === "plate" ? [...said, ...ofPlate(finding)] : said;
}

function ofPlate(plate) {
  const said = [];
  if (plate.region) said.push(say("footage.region", { region: plate.region }));
  if (plate.reads > 1) said.push(say("footage.reads", { count: plate.reads }));
  for (const [sign, , as] of plate.signs) if (as && as !== sign) said.push(say("footage.settled", { read: as, sign }));
  if (plate.candidates.length) said.push(say("footage.or", { plates: plate.candidates.join(", ") }));
  if (plate.doubt) said.push(plate.doubt);
  return said;
}

const many = (key, count, values = {}) => say(count === 1 ? `${key}.one` : key, { count, ...values });

// What a lane holds: "3 cars · 2 line crossings · 812 of them merged".
export function laneSaid(lane, live) {
  const parts = laneCount(lane);
  if (!parts) return say(live ? "footage.nothing_yet" : "footage.nothing");
  const marks = lane.findings.filter((one) => one.kind === "mark");
  const visits = marks.filter((one) => one.what.startsWith("zone")).length;
  const rest = lane.rest.count ? [say("footage.further", { count: lane.rest.count })] : [];
  return [
    parts,
    ...(visits ? [many("footage.visits", visits)] : []),
    ...(marks.length > visits ? [many("footage.crossings", marks.length - visits)] : []),
    ...rest,
  ].join(" · ");
}

function laneCount(lane) {
  if (lane.key === "motion") {
    const { seconds, count } = motionOf(lane);
    return count ? many("footage.motion", count, { seconds: plain(seconds, 1) }) : "";
  }
  const count = lane.findings.filter((one) => one.kind !== "mark").length + lane.rest.count;
  if (!count) return "";
  if (lane.key === "plates") return many("footage.plates", count);
  return counted(lane.name ?? "", count);
}

export function laneTitle(lane) {
  if (lane.name === null) return say(`footage.lane.${lane.key}`);
  const word = classWord(lane.name);
  return word.charAt(0).toUpperCase() + word.slice(1);
}

// "3 cars, 1 person; 2 plates; motion for 14.2 s in 3 spells"
export function allSaid(lanes, live) {
  const of = (fits) => lanes.filter(fits).map(laneCount).filter(Boolean).join(", ");
  const said = [of((lane) => !["motion", "plates"].includes(lane.key)), of((lane) => lane.key === "plates"), of((lane) => lane.key === "motion")].filter(Boolean);
  return said.length ? `${said.join("; ")}.` : `${say(live ? "footage.nothing_yet" : "footage.nothing")}.`;
}
