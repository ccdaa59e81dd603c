// What a line item delivers, derived from what was booked and from time alone: evenly to its goal, from the moment it may run
// to its end. A line item's history is a list of segments; a new one begins whenever something that matters changes, and
// within one everything is a straight line. So the same booking always delivers the same numbers, the days add up to the
// total, and asking changes nothing.
//
// A state, which lasts until the next one:
//   { active, start, end          it runs from start to end while it is active and has creatives
//     unit                        what its goal and its price count: impressions, clicks, viewable, completed
//     goal or perDay              units in all by its end, or units a day
//     creatives: [{ id, weight }] they take turns
//     pays, rateMicros, per }     the price of `per` of the metric that is paid for; per 0: nothing is paid by numbers
// Everything else follows from the units delivered in all.
import { startOf, dayOf, nextDay } from './zone.mjs';

// One click in 200 impressions, nine measurable and seven viewable ones in ten, three completed of four.
const PER_IMPRESSION = { impressions: [1, 1], clicks: [1, 200], viewable: [7, 10], completed: [3, 4], measurable: [9, 10] };
export const METRICS = Object.keys(PER_IMPRESSION);

// n * num / den, rounded down, without losing a digit on the way.
const scaled = (n, num, den) => Number((BigInt(n) * BigInt(num)) / BigInt(den));

export class History {
  constructor() {
    this.segments = [];
  }

  change(at, state) {
    const key = JSON.stringify(state);
    const last = this.segments.at(-1);
    if (last?.key === key) return;
    const done = this.unitsBy(at),
      begins = Math.max(at, state.start);
    const runs = state.active && state.creatives.length > 0 && begins < state.end;
    if (last) last.to = at;
    this.segments.push({ ...state, key, from: at, to: Infinity, begins, done, runs, left: Math.max(0, (state.goal ?? 0) - done) });
  }

  // Units delivered in all before `at`.
  unitsBy(at) {
    const s = this.segments.findLast((x) => x.from < at);
    return s ? s.done + inSegment(s, at) : 0;
  }

  // Everything delivered before `at`, in all or by one creative: { impressions, clicks, ..., spend_micros }.
  totals(at, creativeId) {
    const out = { ...Object.fromEntries(METRICS.map((m) => [m, 0])), spend_micros: 0 };
    for (const s of this.segments) {
      const n = s.from < at ? inSegment(s, at) : 0;
      if (n === 0) continue;
      const [before, after] = creativeId === undefined ? [s.done, s.done + n] : [share(s, creativeId, s.done), share(s, creativeId, s.done + n)];
      for (const m of METRICS) out[m] += metric(s.unit, m, after) - metric(s.unit, m, before);
      out.spend_micros += spend(s, after) - spend(s, before);
    }
    return out;
  }

  // [{ day, creative, impressions, ... }] of the days from..to, both included; days without anything are left out.
  days(from, to, now, zone, creativeIds = [undefined]) {
    if (!this.segments.length) return [];
    const rows = [],
      first = dayOf(this.segments[0].from, zone);
    for (let day = from < first ? first : from; day <= to; day = nextDay(day)) {
      const begins = startOf(day, zone);
      if (begins >= now) break;
      const ends = Math.min(now, startOf(nextDay(day), zone));
      for (const creative of creativeIds) {
        const row = this.between(begins, ends, creative);
        if (Object.values(row).some((v) => v !== 0)) rows.push({ day, creative, ...row });
      }
    }
    return rows;
  }

  between(from, to, creativeId) {
    const a = this.totals(from, creativeId),
      b = this.totals(to, creativeId);
    return Object.fromEntries(Object.keys(a).map((k) => [k, b[k] - a[k]]));
  }

  creatives() {
    return [...new Set(this.segments.flatMap((s) => s.creatives.map((c) => c.id)))];
  }
}

function inSegment(s, at) {
  const ms = Math.min(at, s.to, s.end) - s.begins;
  if (!s.runs || ms <= 0) return 0;
  return s.goal !== undefined ? scaled(s.left, ms, s.end - s.begins) : scaled(s.perDay, ms, 86400000);
}

// Of the first n units, those of one creative.
function share(s, creativeId, n) {
  const turns = s.creatives.flatMap((c) => Array(c.weight).fill(c.id));
  return turns.reduce((mine, id, i) => mine + (id === creativeId ? Math.floor((n + turns.length - 1 - i) / turns.length) : 0), 0);
}

function metric(unit, m, n) {
  const [num, den] = PER_IMPRESSION[unit];
  return m === unit ? n : scaled(scaled(n, den, num), ...PER_IMPRESSION[m]);
}

const spend = (s, n) => (s.per === 0 ? 0 : scaled(metric(s.unit, s.pays, n), s.rateMicros, s.per));
