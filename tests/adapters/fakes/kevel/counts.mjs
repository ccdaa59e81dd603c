// Kevel's numbers: instant counts by day, and reports that are queued and asked for later. Both are those of the flights' histories.
import { dayOf, hourOf, isZone, nextDay, startOf } from '../lib/zone.mjs';
import { check, schemas } from './schema.mjs';
import { BadRequest, NotFound, judge } from './objects.mjs';

const ok = (body) => ({ status: 200, body });

// ---- instant counts ----

export function instant(k, flights, asked, adId) {
  const q = (name) => asked.query.get(name) ?? undefined,
    zone = k.settings.time_zone;
  return counts(k, flights, { days: q('days'), start: q('start'), end: q('end') }, zone, adId);
}

// { "2026-04-01": { impressions, clicks, revenue } }: the last `days` days with today, or those of start..end.
function counts(k, flights, { days, start, end }, zone, adId) {
  const now = k.clock.now(),
    today = dayOf(now, zone);
  if (days !== undefined && !/^[1-9]\d{0,3}$/.test(String(days))) throw new BadRequest('days must be a positive number');
  for (const [name, v] of [
    ['start', start],
    ['end', end],
  ])
    if (v !== undefined && !/^\d{4}-\d\d-\d\d$/.test(v)) throw new BadRequest(`${name} must be a date`);
  const from = start ?? nextDay(today, -(Number(days ?? 1) - 1)),
    to = end ?? today,
    out = {};
  for (const f of flights) {
    for (const r of f.$history.days(from, to, now, zone, [adId])) {
      const d = (out[r.day] ??= { impressions: 0, clicks: 0, revenue: 0 });
      d.impressions += r.impressions;
      d.clicks += r.clicks;
      d.revenue = Math.round((d.revenue + r.spend_micros / 1e6) * 1e6) / 1e6;
    }
  }
  return out;
}

export function bulk(k, ids, body) {
  const wrong = check(schemas['POST /v1/instantcounts/bulk'], body);
  if (wrong.length) throw new BadRequest(wrong.join('; '));
  const flightsOf = {
    campaigns: (id) => [...k.flights.values()].filter((f) => f.CampaignId === id),
    flights: (id) => [k.flights.get(id)].filter(Boolean),
    ads: (id) => [k.flights.get(k.ads.get(id)?.FlightId)].filter(Boolean),
    advertisers: (id) => [...k.flights.values()].filter((f) => k.campaigns.get(f.CampaignId).AdvertiserId === id),
  };
  return ok(
    Object.fromEntries(
      Object.keys(flightsOf)
        .filter((name) => body[name])
        .map((name) => [
          name,
          Object.fromEntries(
            body[name].map((id) => [
              id,
              counts(
                k,
                flightsOf[name](id),
                { days: body.days ?? undefined, start: body.start, end: body.end },
                k.settings.time_zone,
                name === 'ads' ? id : undefined,
              ),
            ]),
          ),
        ]),
    ),
  );
}

// ---- queued reports ----

const GROUPS = {
  campaignId: (x) => ['CampaignId', x.flight.CampaignId],
  optionId: (x) => ['OptionId', x.flight.Id],
  flightId: (x) => ['FlightId', x.flight.Id],
  brandId: (x) => ['BrandId', x.advertiser],
  creativeId: (x) => ['CreativeId', x.ad?.Creative.Id],
};

export function queue(k, ids, body, ctx) {
  judge('POST /v1/report/queue', body);
  const zone = body.TimeZone ?? k.settings.time_zone,
    known = [...Object.keys(GROUPS), 'day', 'hour'];
  if (!isZone(zone)) throw new BadRequest(`TimeZone ${zone} is unknown`);
  const odd = body.GroupBy.filter((g) => !known.includes(g));
  if (odd.length) throw new BadRequest(`GroupBy ${odd.join(', ')} is not served by this fake: ${known.join(', ')} are`);
  if (Date.parse(body.EndDateISO) < Date.parse(body.StartDateISO)) throw new BadRequest('EndDateISO must not be before StartDateISO');
  const parameters = body.Parameters.flatMap((p) => Object.entries(p)),
    bad = parameters.filter(([name, v]) => !GROUPS[name] || !Number.isInteger(v));
  if (bad.length) throw new BadRequest(`Parameters: ${bad.map(([n]) => n).join(', ')} must be ids of ${Object.keys(GROUPS).join(', ')}`);
  const Id = `${String(k.reports.size + 1).padStart(8, '0')}-0000-4000-8000-${String(k.settings.network_id).padStart(12, '0')}`;
  k.reports.set(Id, { polls: 0, Result: result(k, body, zone, parameters) });
  ctx.effect();
  return ok({ Id });
}

const moment = (text, zone) =>
  /(Z|[+-]\d\d:?\d\d)$/.test(text)
    ? Date.parse(text)
    : startOf(text.slice(0, 10), zone) + (Date.parse(`1970-01-01T${text.slice(11) || '00:00'}Z`) || 0);

function result(k, body, zone, parameters) {
  const now = k.clock.now(),
    from = moment(body.StartDateISO, zone),
    to = Math.min(now, moment(body.EndDateISO, zone)),
    records = new Map();
  const hourly = body.GroupBy.includes('hour'),
    daily = hourly || body.GroupBy.includes('day'),
    byCreative = body.GroupBy.includes('creativeId');
  for (const flight of k.flights.values()) {
    if (!flight.$history.segments.length) continue;
    const begin = Math.max(from, startOf(dayOf(flight.$history.segments[0].from, zone), zone));
    for (let at = begin; at < to;) {
      const next = Math.min(to, !daily ? to : hourly ? at + 3600000 : startOf(nextDay(dayOf(at, zone)), zone));
      for (const adId of byCreative ? flight.$history.creatives() : [undefined]) {
        const x = { flight, ad: k.ads.get(adId), advertiser: k.campaigns.get(flight.CampaignId).AdvertiserId };
        if (parameters.every(([name, v]) => GROUPS[name](x)[1] === v))
          record(records, body, x, daily ? dayOf(at, zone) : null, hourly ? hourOf(at, zone) : null, flight.$history.between(at, next, adId));
      }
      at = next;
    }
  }
  const Records = [...records.values()]
    .map((r) => ({ ...r, Details: [...r.Details.values()] }))
    .sort((a, b) => (String(a.Date) < String(b.Date) ? -1 : 1));
  const sum = (name) => Records.reduce((n, r) => n + r[name], 0);
  return { Records, TotalImpressions: sum('Impressions'), TotalClicks: sum('Clicks'), TotalRevenue: Math.round(sum('Revenue') * 1e6) / 1e6 };
}

function record(records, body, x, day, hour, n) {
  if (!n.impressions && !n.clicks) return;
  const Grouping = Object.fromEntries(body.GroupBy.filter((g) => GROUPS[g]).map((g) => GROUPS[g](x))),
    key = `${day} ${hour}`,
    revenue = n.spend_micros / 1e6;
  const r = records.get(key) ?? {
    Date: day === null ? null : `${day}T${String(hour ?? 0).padStart(2, '0')}:00:00`,
    Impressions: 0,
    Clicks: 0,
    Revenue: 0,
    Details: new Map(),
  };
  const d = r.Details.get(JSON.stringify(Grouping)) ?? { Grouping, Impressions: 0, Clicks: 0, Revenue: 0 };
  for (const o of [r, d])
    Object.assign(o, {
      Impressions: o.Impressions + n.impressions,
      Clicks: o.Clicks + n.clicks,
      Revenue: Math.round((o.Revenue + revenue) * 1e6) / 1e6,
    });
  r.Details.set(JSON.stringify(Grouping), d);
  records.set(key, r);
}

export function queued(k, [id]) {
  const report = k.reports.get(id);
  if (!report) throw new NotFound(`There is no report ${id}`);
  const ready = ++report.polls > k.settings.report_polls;
  return ok({ Id: id, Status: ready ? 2 : 1, Message: ready ? 'Complete' : 'Queued', ...(ready && { Result: report.Result }) });
}
