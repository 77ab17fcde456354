// How far a watcher has got in a topic: every event once, in order, nothing skipped unless it was named. Pure.

export class Cursor {
  constructor(after = 0) {
    this.at = after;
    this.head = after;
    this.held = new Map();
  }

  // Takes an event; returns those that are due now, in order. What came early is held.
  offer(event) {
    this.head = Math.max(this.head, event.seq);
    if (event.seq > this.at) this.held.set(event.seq, event);
    return this.release();
  }

  // The server named lines first…last as left out for this watcher.
  skip(first, last) {
    this.head = Math.max(this.head, last);
    if (first <= this.at + 1) this.at = Math.max(this.at, last);
    else for (let seq = first; seq <= last; seq += 1) if (!this.held.has(seq)) this.held.set(seq, null);
    return this.release();
  }

  // The server says how long the log is; the next events must be fetched if we are behind.
  know(head) {
    this.head = Math.max(this.head, head);
    return this.behind;
  }

  get behind() {
    return this.at < this.head;
  }

  release() {
    const due = [];
    for (const seq of this.held.keys()) if (seq <= this.at) this.held.delete(seq);
    while (this.held.has(this.at + 1)) {
      this.at += 1;
      const event = this.held.get(this.at);
      this.held.delete(this.at);
      if (event) due.push(event);
    }
    return due;
  }
}
