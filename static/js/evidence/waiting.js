// Asks for the answers of open questions, soon at first and then less often, until there is none left.
import { isOpen } from "./questions.js";

const SOON_MS = 700;
const SLOWER = 1.4;
const LATEST_MS = 6_000;

export class Waiting {
  // tell(trace): how a question stands now; lost(id): it is not there any more.
  constructor({ get, tell, lost, clock = globalThis }) {
    Object.assign(this, { get, tell, lost, clock });
    this.open = new Set();
    this.delay = SOON_MS;
    this.timer = null;
    this.looking = false;
  }

  follow(id) {
    this.open.add(id);
    this.delay = SOON_MS;
    this.again();
  }

  again() {
    this.clock.clearTimeout(this.timer);
    this.timer = this.open.size ? this.clock.setTimeout(() => this.look(), this.delay) : null;
  }

  async look() {
    if (this.looking) return;
    this.looking = true;
    for (const id of [...this.open]) await this.one(id);
    this.looking = false;
    this.delay = Math.min(LATEST_MS, this.delay * SLOWER);
    this.again();
  }

  async one(id) {
    try {
      const trace = await this.get(`/api/v1/traces/${id}/`);
      if (!isOpen(trace)) this.open.delete(id);
      this.tell(trace);
    } catch (problem) {
      // without network, and while the server starts anew, the question still waits
      if (problem.status === 404 && this.open.delete(id)) this.lost(id);
    }
  }
}
