// The storyboards of AdCP 3.0.6 buy flights in the second quarter of 2026. Both sides of a run live shortly before: the
// runner then leaves the dates as they are, which its replays of one request need. Import this before the SDK.
export const CLOCK = '2026-03-16T09:00:00Z';

const Real = Date;
const offset = Real.parse(CLOCK) - Real.now();

globalThis.Date = class Date extends Real {
  constructor(...args) {
    if (args.length === 0) super(Real.now() + offset);
    else super(...args);
  }

  static now() {
    return Real.now() + offset;
  }
};
