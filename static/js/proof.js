// What this browser really received of a log: every line counted once, its link to the line before looked at. Pure.

const GENESIS = "0".repeat(64);

export class Received {
  // after: the last line that somebody else (the server, for this page) has already read.
  constructor(after = 0) {
    Object.assign(this, { after, last: after, count: 0, thinned: 0, broken: 0 });
    this.gaps = []; // named before the lines in front of them came
    this.prev = null; // what the first line says of the one before it
    this.hash = after ? null : GENESIS; // of the last line; unknown after lines that were left out
  }

  take(event) {
    if (event.seq <= this.last) return;
    if (event.seq > this.last + 1) this.hash = null;
    if (this.last === this.after) this.prev = event.prev;
    if (this.hash !== null && event.prev !== this.hash) this.broken ||= event.seq;
    this.hash = event.hash;
    this.last = event.seq;
    this.count += 1;
    this.passGaps();
  }

  // The server named these lines as left out.
  skip(first, last) {
    this.gaps.push({ first, last });
    this.gaps.sort((a, b) => a.first - b.first);
    this.passGaps();
  }

  passGaps() {
    while (this.gaps.length && this.gaps[0].first <= this.last + 1) {
      const { last } = this.gaps.shift();
      if (last <= this.last) continue;
      this.thinned += last - this.last;
      this.last = last;
      this.hash = null;
    }
  }

  // A page of REST: events and the gaps between them, in order.
  takePage(page) {
    const gaps = (page.thinned ?? []).map((gap) => ({ seq: gap.last, gap }));
    for (const one of [...page.events, ...gaps].sort((a, b) => a.seq - b.seq)) {
      if (one.gap) this.skip(one.gap.first, one.gap.last);
      else this.take(one);
    }
  }
}

// The sentence for a log that ended with `ending`, from what came before the page was live and since: [key, values].
export function proofWords(earlier, since, ending) {
  const { seq, hash } = ending;
  const count = earlier.count + since.count;
  const thinned = earlier.thinned + since.thinned;
  const missing = seq - count - thinned;
  const apart = earlier.last !== since.after || since.prev === null || earlier.hash === null;
  const joined = apart || since.prev === earlier.hash;
  const broken = earlier.broken || since.broken || (joined ? 0 : since.after + 1);
  if (broken) return ["proof.broken", { line: broken }];
  if (missing) return ["proof.missing", { count, seq, missing }];
  if (thinned) return ["proof.thinned", { count, seq, thinned, hash }];
  return ["proof.complete", { seq, hash }];
}
