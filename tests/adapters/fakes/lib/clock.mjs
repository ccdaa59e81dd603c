// The time of a fake ad server: the machine's, moved. It never goes back, so that what was delivered stays delivered. What
// is due (a person who approves in three days) happens, at its own time, when somebody looks at the clock after that.
export class Clock {
  constructor(startsAt) {
    this.offset = startsAt === undefined ? 0 : startsAt - Date.now();
    this.frozen = undefined;
    this.due = [];
    this.last = -Infinity;
  }

  // Milliseconds since the epoch.
  now() {
    const to = Math.max(this.last, this.frozen ?? Date.now() + this.offset);
    while (this.due.length && this.due[0].at <= to) {
      const next = this.due.shift();
      this.last = Math.max(this.last, next.at);
      next.run(this.last);
    }
    this.last = to;
    return to;
  }

  set(at) {
    if (at < this.now()) throw new RangeError("a fake's clock only goes forward");
    this.offset = at - Date.now();
    if (this.frozen !== undefined) this.frozen = at;
    this.now();
  }

  freeze() {
    this.frozen = this.now();
  }

  at(at, run) {
    this.due.push({ at, run });
    this.due.sort((a, b) => a.at - b.at);
  }

  iso() {
    return new Date(this.now()).toISOString();
  }
}
