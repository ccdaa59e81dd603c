// Each published operation: (network, ids of the path, body, ctx, request) -> answer.
import {
  BadRequest,
  NotFound,
  ad,
  addGeo,
  addSiteZone,
  adsOf,
  create,
  createAd,
  plain,
  replace,
  replaceAd,
  settle,
  upload,
  view,
} from './objects.mjs';
import { check, schemas } from './schema.mjs';
import { bulk, instant, queue, queued } from './counts.mjs';

const PAGE = 50,
  PAGE_MAX = 500;

// ---- lists ----

const ok = (body) => ({ status: 200, body });

function page(items, asked) {
  const number = (name, otherwise, most) => {
    const text = asked.query.get(name);
    if (text === null) return otherwise;
    if (!/^[1-9]\d{0,5}$/.test(text)) throw new BadRequest(`${name} must be a positive number`);
    return Math.min(Number(text), most);
  };
  const size = number('pageSize', PAGE, PAGE_MAX),
    at = number('page', 1, 1e6);
  return ok({
    page: at,
    pageSize: size,
    totalPages: Math.max(1, Math.ceil(items.length / size)),
    totalItems: items.length,
    items: items.slice((at - 1) * size, at * size),
  });
}

const flag = (asked, name, member) => (o) => asked.query.get(name) === null || String(o[member] ?? false) === asked.query.get(name).toLowerCase();
const all = (k, kind) => [...k[kind].values()].map((o) => view(k, kind, o));
const lines = (items) => ({ status: 200, headers: { 'content-type': 'text/plain' }, body: items.map((o) => `${JSON.stringify(o)}\n`).join('') });

function fastFlights(k, ids, body, ctx, asked) {
  const q = (name) => asked.query.get(name),
    time = (name) => Date.parse(q(name));
  const tests = {
    beforeStartDate: (f) => Date.parse(f.StartDateISO) < time('beforeStartDate'),
    afterStartDate: (f) => Date.parse(f.StartDateISO) > time('afterStartDate'),
    beforeEndDate: (f) => f.EndDateISO && Date.parse(f.EndDateISO) < time('beforeEndDate'),
    afterEndDate: (f) => f.EndDateISO && Date.parse(f.EndDateISO) > time('afterEndDate'),
    NoEndDate: (f) => String(!f.EndDateISO) === q('NoEndDate').toLowerCase(),
    name: (f) => f.Name === q('name'),
    nameContains: (f) => f.Name.includes(q('nameContains')),
  };
  return lines(
    all(k, 'flights').filter(
      (f) =>
        flag(asked, 'isActive', 'IsActive')(f) &&
        flag(asked, 'isArchived', 'IsArchived')(f) &&
        Object.entries(tests).every(([name, t]) => q(name) === null || t(f)),
    ),
  );
}

// ---- targeting rows of a flight ----

function row(kind, idName) {
  const find = (k, [flightId, id]) => {
    const flight = k.get('flights', flightId),
      r = k[kind].get(Number(id));
    if (!r || (r.$flight ?? r.FlightId) !== flight.Id) throw new NotFound(`There is no ${idName} ${id} of flight ${flightId}`);
    return [flight, r];
  };
  return find;
}
const geo = row('geos', 'location'),
  siteZone = row('siteZones', 'site and zone targeting'),
  dayPart = row('dayParts', 'day part');
const settleAfter = (k, flight, ctx, value) => {
  ctx.effect();
  settle(k, flight, 'flights');
  return ok(value);
};
const gone = (k, kind, [flight, r], key, ctx) => {
  k[kind].delete(r[key]);
  return settleAfter(k, flight, ctx, {});
};
const refuse = (list) => {
  if (list.length) throw new BadRequest(list.join('; '));
};

// ---- the operations ----

const objects = (kind) => ({
  get: (k, [id]) => ok(view(k, kind, k.get(kind, id))),
  list: (k, i, b, c, asked) => page(all(k, kind), asked),
  post: (k, i, body, ctx) => ok(create(k, kind, body, ctx)),
  put: (k, [id], body, ctx) => ok(replace(k, kind, id, body, ctx)),
});
const advertisers = objects('advertisers'),
  campaigns = objects('campaigns'),
  flights = objects('flights'),
  creatives = objects('creatives');

export const OPERATIONS = {
  'POST /v1/advertiser': advertisers.post,
  'GET /v1/advertiser': advertisers.list,
  'PUT /v1/advertiser/{advertiserId}': advertisers.put,
  'GET /v1/advertiser/{advertiserId}': advertisers.get,
  'POST /v1/advertiser/search': (k, i, form, c, asked) =>
    page(
      all(k, 'advertisers').filter((a) => a.Title.toLowerCase().includes((form.advertiserName ?? '').toLowerCase())),
      asked,
    ),
  'POST /v1/campaign': campaigns.post,
  'PUT /v1/campaign/{campaignId}': campaigns.put,
  'GET /v1/campaign/{campaignId}': campaigns.get,
  'GET /v1/campaign': (k, i, b, c, asked) =>
    page(
      all(k, 'campaigns').filter(
        (x) => (asked.query.get('advertiserId') ?? String(x.AdvertiserId)) === String(x.AdvertiserId) && flag(asked, 'isArchived', 'IsArchived')(x),
      ),
      asked,
    ),
  'POST /v1/campaign/search': (k, i, form, c, asked) =>
    page(
      all(k, 'campaigns').filter((x) => x.Name.toLowerCase().includes((form.campaignName ?? '').toLowerCase())),
      asked,
    ),
  'GET /v1/campaign/{campaignId}/flight': (k, [id], b, c, asked) => {
    const campaign = k.get('campaigns', id);
    return page(
      all(k, 'flights').filter((f) => f.CampaignId === campaign.Id && flag(asked, 'isActive', 'IsActive')(f)),
      asked,
    );
  },
  'POST /v1/flight': flights.post,
  'PUT /v1/flight/{flightId}': flights.put,
  'GET /v1/flight/{flightId}': flights.get,
  'GET /v1/flight': (k, i, b, c, asked) =>
    page(
      all(k, 'flights').filter((f) => flag(asked, 'isActive', 'IsActive')(f) && flag(asked, 'isArchived', 'IsArchived')(f)),
      asked,
    ),
  'GET /v1/fast/flight': fastFlights,
  'GET /v1/fast/site': (k, i, b, c, asked) =>
    lines(
      [...k.sites.values()].filter((s) => s.Title.includes(asked.query.get('titleLike') ?? '') && s.Url.includes(asked.query.get('urlLike') ?? '')),
    ),
  'POST /v1/creative': creatives.post,
  'GET /v1/creative': creatives.list,
  'PUT /v1/creative/{CreativeId}': creatives.put,
  'GET /v1/creative/{CreativeId}': creatives.get,
  'POST /v1/creative/{CreativeId}/upload': (k, [id], b, ctx, asked) => ok(upload(k, id, asked, ctx)),
  'GET /v1/advertiser/{AdvertiserId}/creatives': (k, [id], b, c, asked) => {
    const a = k.get('advertisers', id);
    return page(
      all(k, 'creatives').filter((x) => x.AdvertiserId === a.Id),
      asked,
    );
  },
  'POST /v1/flight/{flightId}/creative': (k, [id], body, ctx) => ok(createAd(k, id, body, ctx)),
  'PUT /v1/flight/{flightId}/creative/{adId}': (k, [id, adId], body, ctx) => ok(replaceAd(k, id, adId, body, ctx)),
  'GET /v1/flight/{flightId}/creatives': (k, [id], b, c, asked) =>
    page(
      adsOf(k, k.get('flights', id).Id).map((a) => ad(k, a)),
      asked,
    ),
  'GET /v1/flight/{flightId}/creative/{adId}/delete': (k, [id, adId], b, ctx) => {
    const flight = k.get('flights', id),
      a = k.get('ads', adId);
    if (a.FlightId !== flight.Id || a.IsDeleted) throw new NotFound(`There is no ad ${adId} of flight ${id}`);
    a.IsDeleted = true;
    return settleAfter(k, flight, ctx, {});
  },
  'GET /v1/ad': (k, i, b, c, asked) =>
    page(
      [...k.ads.values()].filter((a) => !a.IsDeleted).map((a) => ad(k, a)),
      asked,
    ),
  'GET /v1/ad/{adId}': (k, [id]) => ok(ad(k, k.get('ads', id))),
  'POST /v1/flight/{flightId}/geotargeting': (k, [id], body, ctx) => {
    const flight = k.get('flights', id);
    refuse([...check(schemas['POST /v1/flight/{flightId}/geotargeting'], body), ...k.checkGeo(body, '')]);
    return settleAfter(k, flight, ctx, addGeo(k, flight, body));
  },
  'PUT /v1/flight/{flightId}/geotargeting/{locationId}': (k, ids, body, ctx) => {
    const [flight, g] = geo(k, ids);
    refuse([...check(schemas['POST /v1/flight/{flightId}/geotargeting'], body), ...k.checkGeo(body, '')]);
    return settleAfter(k, flight, ctx, plain(Object.assign(g, { Region: null, MetroCode: null, IsExclude: false }, body)));
  },
  'GET /v1/flight/{flightId}/geotargeting/{locationId}': (k, ids) => ok(plain(geo(k, ids)[1])),
  'GET /v1/flight/{flightId}/geotargeting/{locationId}/delete': (k, ids, b, ctx) => gone(k, 'geos', geo(k, ids), 'LocationId', ctx),
  'POST /v1/flight/{flightId}/sitezonetargeting': (k, [id], body, ctx) => {
    const flight = k.get('flights', id);
    refuse([...check(schemas['POST /v1/flight/{flightId}/sitezonetargeting'], body), ...k.checkSiteZone(body, '')]);
    return settleAfter(k, flight, ctx, addSiteZone(k, flight, body));
  },
  'PUT /v1/flight/{flightId}/sitezonetargeting/{siteZoneTargetingId}': (k, ids, body, ctx) => {
    const [flight, t] = siteZone(k, ids);
    refuse([...check(schemas['POST /v1/flight/{flightId}/sitezonetargeting'], body), ...k.checkSiteZone(body, '')]);
    Object.assign(t, { SiteId: body.SiteId, ZoneId: body.ZoneId ?? 0, IsExcluded: body.IsExclude ?? false });
    return settleAfter(k, flight, ctx, plain(t));
  },
  'GET /v1/flight/{flightId}/sitezonetargeting/{siteZoneTargetingId}': (k, ids) => ok(plain(siteZone(k, ids)[1])),
  'GET /v1/flight/{flightId}/sitezonetargeting/{siteZoneTargetingId}/delete': (k, ids, b, ctx) => gone(k, 'siteZones', siteZone(k, ids), 'Id', ctx),
  'GET /v1/flight/{flightId}/dayparting': (k, [id], b, c, asked) => {
    const f = k.get('flights', id);
    return page([...k.dayParts.values()].filter((d) => d.$flight === f.Id).map(plain), asked);
  },
  'POST /v1/flight/{flightId}/dayparting': (k, [id], body, ctx) => {
    const flight = k.get('flights', id),
      Id = k.id('dayParts');
    refuse(check(schemas['POST /v1/flight/{flightId}/dayparting'], body));
    k.dayParts.set(Id, { Id, ...body, $flight: flight.Id });
    ctx.effect();
    return { status: 201, body: { TimepartId: Id } };
  },
  'GET /v1/flight/{flightId}/dayparting/{id}': (k, ids) => ok(plain(dayPart(k, ids)[1])),
  'POST /v1/flight/{flightId}/dayparting/{id}/delete': (k, ids, b, ctx) => gone(k, 'dayParts', dayPart(k, ids), 'Id', ctx),
  'GET /v1/countries': (k) => ok(k.countries()),
  'GET /v1/country/{countryCode}/regions?version=2': (k, [code]) => ok(k.country(code)),
  'GET /v1/region/{regionCode}': (k, [code]) => {
    const found = k
      .countries()
      .flatMap((c) => Object.values(c.Regions))
      .find((r) => `${r.CountryCode}-${r.Code}` === code || r.Code === code);
    if (!found) throw new NotFound(`There is no region ${code}`);
    return ok(Object.values(found.Metros));
  },
  'GET /v1/channel': objects('channels').list,
  'GET /v1/channel/{channelId}': objects('channels').get,
  'GET /v1/channel/{channelId}/priorities': (k, [id]) => ok([...k.priorities.values()].filter((p) => p.ChannelId === k.get('channels', id).Id)),
  'GET /v1/site': objects('sites').list,
  'GET /v1/site/{siteId}': objects('sites').get,
  'GET /v1/zone': objects('zones').list,
  'GET /v1/zone/{zoneId}': objects('zones').get,
  'GET /v1/adtypes': objects('adTypes').list,
  'GET /v1/priority': objects('priorities').list,
  'GET /v1/priority/{priorityId}': objects('priorities').get,
  'POST /v1/report/queue': queue,
  'GET /v1/report/queue/{id}': queued,
  'GET /v1/instantcounts/campaign/{campaignId}': (k, [id], b, c, asked) =>
    ok(
      instant(
        k,
        [...k.flights.values()].filter((f) => f.CampaignId === k.get('campaigns', id).Id),
        asked,
      ),
    ),
  'GET /v1/instantcounts/flight/{flightId}': (k, [id], b, c, asked) => ok(instant(k, [k.get('flights', id)], asked)),
  'GET /v1/instantcounts/ad/{adId}': (k, [id], b, c, asked) => {
    const a = k.get('ads', id);
    return ok(instant(k, [k.flights.get(a.FlightId)], asked, a.Id));
  },
  'POST /v1/instantcounts/bulk': bulk,
  'GET /v2/creative-templates': objects('templates').list,
  'GET /v2/creative-templates/{creativeTemplateId}': objects('templates').get,
};
