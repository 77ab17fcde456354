// Where things are at a moment: told for that very frame, or between two frames they were told for. Pure.

const BRIDGED_S = 1.5;
const MOST = 60;

// [{finding: "track"|"plate"|"motion", seq, box: [x1, y1, x2, y2], told, …}, …]; `told` is false for a box that lies
// between two told ones at most BRIDGED_S apart. `within` is how far from its time a told frame still is that frame.
export function boxesAt(footage, seconds, within) {
  const same = (at) => at !== null && Math.abs(at - seconds) <= within;
  const plates = footage.plates.filter((plate) => plate.box && same(plate.at)).map((plate) => ({ kind: "plate", seq: plate.seq, box: plate.box, told: true, of: plate }));
  const tracks = footage.tracks.flatMap((track) => {
    const found = boxOf(track.boxes, seconds, same);
    return found ? [{ kind: "track", seq: track.seq, ...found, of: track }] : [];
  });
  const moved = footage.spells.filter((spell) => spell.box && same(spell.from)).map((spell) => ({ kind: "motion", seq: spell.seq, box: spell.box, told: true, of: spell }));
  return [...moved, ...tracks, ...plates].slice(0, MOST);
}

// A picture has no time: everything told of it, where it was told last.
export function boxesOfPicture(footage) {
  const tracks = footage.tracks.filter((track) => track.boxes.length);
  return [
    ...tracks.map((track) => ({ kind: "track", seq: track.seq, box: track.boxes.at(-1).slice(1), told: true, of: track })),
    ...footage.plates.filter((plate) => plate.box).map((plate) => ({ kind: "plate", seq: plate.seq, box: plate.box, told: true, of: plate })),
  ].slice(0, MOST);
}

function boxOf(boxes, seconds, same) {
  const told = boxes.find((box) => same(box[0]));
  if (told) return { box: told.slice(1), told: true };
  const next = boxes.findIndex((box) => box[0] > seconds);
  if (next <= 0) return null;
  const [before, after] = [boxes[next - 1], boxes[next]];
  const apart = after[0] - before[0];
  if (apart > BRIDGED_S) return null;
  const share = (seconds - before[0]) / apart;
  return { box: [1, 2, 3, 4].map((side) => before[side] + share * (after[side] - before[side])), told: false };
}
