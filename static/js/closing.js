// After the ending: fetches the lines that this page was rendered from, and says what this browser has of the log.
import { get } from "./api.js";
import { proofWords, Received } from "./proof.js";
import { isEnding } from "./run_state.js";
import { say } from "./words.js";

const MOST_LINES = 20_000;

export class ClosingProof {
  constructor(place, eventsAddress, after) {
    Object.assign(this, { place, eventsAddress, after, earlier: null });
    this.since = new Received(after);
  }

  // Events as they came; the last ending among them, unless the log went on after it, closes the log.
  take(events) {
    for (const event of events) this.since.take(event);
    this.place.hidden = true;
    const last = events.at(-1);
    if (last && isEnding(last.type)) this.close(last);
  }

  skip(first, last) {
    this.since.skip(first, last);
  }

  async close(ending) {
    try {
      this.earlier ??= await this.before();
    } catch {
      return; // the network is away; the chain can still be checked by hand
    }
    if (this.earlier === null || this.since.last !== ending.seq) return;
    const [key, values] = proofWords(this.earlier, this.since, ending);
    this.place.textContent = say(key, values);
    this.place.dataset.proof = key.replace("proof.", "");
    this.place.hidden = false;
  }

  async before() {
    if (this.after > MOST_LINES) return null;
    const earlier = new Received();
    while (earlier.last < this.after) {
      const page = await get(`${this.eventsAddress}?after=${earlier.last}&limit=${Math.min(1000, this.after - earlier.last)}`);
      const from = earlier.last;
      earlier.takePage(page);
      if (earlier.last === from) break;
    }
    return earlier;
  }
}
