// Where each detector's score is highest, for jumping from one to the next. Pure.

const PER_DETECTOR = 3;

// rows: [{title, points: [[pts_seconds, score | null, …], …]}, …]. At most three times per detector, no two of
// one detector nearer than a fortieth of `duration`; in media-time order. Scores of different detectors are
// not compared: the number of one says nothing about that of another.
export function peaks(rows, duration) {
  return rows.flatMap((row) => highest(row, duration / 40)).sort((a, b) => a.seconds - b.seconds);
}

function highest({ title, points }, apart) {
  const chosen = [];
  const scored = points.filter((point) => point[1] !== null).sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  for (const [seconds, score] of scored) {
    if (chosen.length === PER_DETECTOR) break;
    if (chosen.every((other) => Math.abs(other.seconds - seconds) > apart)) chosen.push({ seconds, score, title });
  }
  return chosen;
}

// The next one after `now` (step 1) or before it (step -1), or undefined.
export function nextPeak(list, now, step) {
  const near = 0.05; // a player lands a little beside where it was sent
  return step > 0 ? list.find((peak) => peak.seconds > now + near) : list.findLast((peak) => peak.seconds < now - near);
}
