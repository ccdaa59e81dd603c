// People on Kevel's side, and the bookings in the words that all fakes share.
import { duplicates } from '../lib/duplicates.mjs';
import { adsOf, settle, view } from './objects.mjs';

const DEEDS = {
  pause: { IsActive: false },
  resume: { IsActive: true },
  archive: { IsArchived: true },
  unarchive: { IsArchived: false },
  delete: { IsDeleted: true },
};

export function act(k, what) {
  const [kind, id] =
    [
      ['campaigns', what.order],
      ['flights', what.line_item],
      ['creatives', what.creative],
    ].find(([, v]) => v !== undefined) ?? [];
  const change =
    DEEDS[what.do] ??
    {
      rename: { [kind === 'creatives' ? 'Title' : 'Name']: what.name },
      deactivate: { IsActive: false },
      activate: { IsActive: true },
      dates: { ...(what.start && { StartDateISO: what.start }), ...(what.end && { EndDateISO: what.end }) },
      goal: { Impressions: what.units },
    }[what.do];
  if (!kind || !change)
    throw new TypeError(
      'do: pause, resume, archive, unarchive, delete, rename { name }, dates { start, end }, goal { units }, activate, deactivate; of order, line_item or creative',
    );
  const found = [...k[kind].values()].filter((o) => !o.IsDeleted && (id === '*' || [o.Id, o.Name, o.Title].map(String).includes(String(id))));
  if (!found.length) throw new TypeError(`there is no ${kind.slice(0, -1)} ${id}`);
  for (const o of found) {
    Object.assign(o, change);
    settle(k, o, kind);
  }
  return { done: what.do };
}

const GOALS = { 1: ['IMPRESSIONS', 'LIFETIME'], 2: ['PERCENT', 'DAILY'], 3: ['CLICKS', 'LIFETIME'] };

function line(k, f, now) {
  const [unit, of] = GOALS[f.GoalType] ?? ['CONVERSIONS', 'LIFETIME'],
    running = f.$history.segments.at(-1);
  const state = f.IsArchived
    ? 'ARCHIVED'
    : !f.IsActive
      ? 'PAUSED'
      : !running?.creatives.length
        ? 'INACTIVE'
        : now < Date.parse(f.StartDateISO)
          ? 'READY'
          : 'DELIVERING';
  return {
    id: String(f.Id),
    external_id: f.CustomFieldsJson,
    name: f.Name,
    state,
    type: String(f.PriorityId),
    start: f.StartDateISO,
    end: f.EndDateISO,
    rate_micros: Math.round((f.Price ?? 0) * 1e6),
    currency: k.settings.currency,
    goal: { units: f.Impressions, unit, of },
    targeting: {
      ...(({ GeoTargeting, SiteZoneTargeting }) => ({ GeoTargeting, SiteZoneTargeting }))(view(k, 'flights', f)),
      Keywords: f.Keywords,
      CustomTargeting: f.CustomTargeting,
    },
    delivered: f.$history.totals(now),
    creatives: adsOf(k, f.Id).map((a) => {
      const c = k.creatives.get(a.Creative.Id);
      return {
        id: String(c.Id),
        ad_id: String(a.Id),
        name: c.Title,
        state: a.IsActive && c.IsActive ? 'ACTIVE' : 'INACTIVE',
        weight: a.Percentage,
        bytes: c.$bytes ?? null,
        delivered: f.$history.totals(now, a.Id),
      };
    }),
  };
}

export function summary(k) {
  const now = k.clock.now(),
    campaigns = [...k.campaigns.values()].filter((c) => !c.IsDeleted),
    flights = [...k.flights.values()].filter((f) => !f.IsDeleted);
  const tag = (name) => /\[[^\]]+\]$/.exec(name ?? '')?.[0],
    creatives = [...k.creatives.values()].filter((c) => !c.IsDeleted);
  return {
    now: new Date(now).toISOString(),
    orders: campaigns.map((c) => ({
      id: String(c.Id),
      external_id: c.CustomFieldsJson,
      name: c.Name,
      state: c.IsArchived ? 'ARCHIVED' : c.IsActive ? 'ACTIVE' : 'PAUSED',
      advertiser: String(c.AdvertiserId),
      lines: flights.filter((f) => f.CampaignId === c.Id).map((f) => line(k, f, now)),
    })),
    creatives: creatives.map((c) => ({
      id: String(c.Id),
      name: c.Title,
      kind: c.TemplateId ? 'template' : c.IsHTMLJS ? 'html' : 'image',
      advertiser: String(c.AdvertiserId),
      bytes: c.$bytes ?? null,
    })),
    advertisers: [...k.advertisers.values()].map((a) => ({ id: String(a.Id), name: a.Title, external_id: a.ExternalId ?? null })),
    duplicates: duplicates({
      'campaign tag': campaigns.map((c) => tag(c.Name)),
      'flight tag': flights.map((f) => tag(f.Name)),
      'creative tag': creatives.map((c) => tag(c.Title)),
      'ad of a flight and a creative': [...k.ads.values()].filter((a) => !a.IsDeleted).map((a) => `${a.FlightId}/${a.Creative.Id}`),
      'advertiser external id': [...k.advertisers.values()].map((a) => a.ExternalId),
    }),
  };
}
