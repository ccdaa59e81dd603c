// Calendar days of a time zone, by the platform's own time zone data.
const formats = new Map();

function format(zone) {
  if (!formats.has(zone)) {
    formats.set(
      zone,
      new Intl.DateTimeFormat('en-CA', {
        timeZone: zone,
        hourCycle: 'h23',
        year: 'numeric',
        month: '2-digit',
        day: '2-digit',
        hour: '2-digit',
        minute: '2-digit',
        second: '2-digit',
      }),
    );
  }
  return formats.get(zone);
}

function parts(at, zone) {
  return Object.fromEntries(
    format(zone)
      .formatToParts(new Date(at))
      .map((p) => [p.type, Number(p.value)]),
  );
}

// "YYYY-MM-DD", the day of that moment there.
export function dayOf(at, zone) {
  const p = parts(at, zone);
  return `${String(p.year).padStart(4, '0')}-${String(p.month).padStart(2, '0')}-${String(p.day).padStart(2, '0')}`;
}

export function hourOf(at, zone) {
  return parts(at, zone).hour;
}

export function nextDay(day, n = 1) {
  return new Date(Date.parse(`${day}T00:00:00Z`) + n * 86400000).toISOString().slice(0, 10);
}

// The moment at which the day begins there: its first instant, also where midnight is skipped.
export function startOf(day, zone) {
  const wanted = Date.parse(`${day}T00:00:00Z`);
  const offset = (at) => {
    const p = parts(at, zone);
    return Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second) - Math.floor(at / 1000) * 1000;
  };
  const guesses = [wanted - offset(wanted - 86400000), wanted - offset(wanted + 86400000), wanted - offset(wanted)];
  const right = guesses.filter((at) => dayOf(at, zone) === day && dayOf(at - 1, zone) < day);
  if (right.length) return Math.min(...right);
  // No guess is the day's first instant: it begins after a midnight that does not exist.
  let low = wanted - 2 * 86400000,
    high = wanted + 2 * 86400000;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (dayOf(middle, zone) < day) low = middle;
    else high = middle;
  }
  return high;
}

export function isZone(zone) {
  try {
    format(zone);
    return true;
  } catch {
    return false;
  }
}
