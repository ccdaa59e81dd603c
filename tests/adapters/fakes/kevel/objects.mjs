// What a Kevel network holds, and the rules of each kind of object. All ids are numbers. A PUT replaces: what it leaves out is
// cleared.
import { createHash } from 'node:crypto';
import { History } from '../lib/units.mjs';
import { imageOf } from '../lib/image.mjs';
import { check, schemas, whole } from './schema.mjs';

export const SETTINGS = {
  network_id: [9876, 'the network'],
  currency: ['USD', 'what prices are in; Kevel itself does not say'],
  time_zone: ['UTC', 'of the days of instant counts, and of reports that name none'],
  daily_traffic: [100000, 'decisions a day of each zone'],
  report_polls: [1, 'how often a queued report is not ready when it is asked for'],
  calls_per_s: [0, 'more are refused with 429; 0: no limit (Kevel publishes none)'],
  sites: [12, 'how many sites there are; each has three zones'],
};

export class BadRequest extends Error {}
export class NotFound extends Error {}
const refuse = (list) => {
  if (list.length) throw new BadRequest(list.join('; '));
};

const COUNTRIES = {
  US: ['United States', { CA: ['California', [807, 803]], NY: ['New York', [501]] }],
  DE: ['Germany', { 16: ['Berlin', []] }],
  GB: ['United Holdings', { ENG: ['England', []] }],
  CA: ['Canada', { ON: ['Ontario', []] }],
  FR: ['France', {}],
};
// Width and height by the published numbers of common ad types.
const AD_TYPES = [
  [4, 728, 90],
  [5, 300, 250],
  [6, 160, 600],
  [16, 970, 250],
  [20, 320, 50],
  [30, 1, 1],
];

export class Holdings {
  constructor(settings, clock) {
    Object.assign(this, {
      settings,
      clock,
      next: { advertisers: 4001, campaigns: 51001, flights: 610001, creatives: 7100001, ads: 8200001, geos: 1, siteZones: 1, dayParts: 1 },
    });
    for (const kind of [
      'advertisers',
      'campaigns',
      'flights',
      'creatives',
      'ads',
      'geos',
      'siteZones',
      'dayParts',
      'sites',
      'zones',
      'channels',
      'priorities',
      'adTypes',
      'templates',
      'reports',
    ])
      this[kind] = new Map();
    this.#inventory();
  }

  #inventory() {
    AD_TYPES.forEach(([Id, Width, Height]) => this.adTypes.set(Id, { Id, Width, Height, Name: `${Width}x${Height}` }));
    this.channels.set(11, { Id: 11, Title: 'Web', AdTypes: AD_TYPES.map(([id]) => id), IsDeleted: false, Engine: '0', CPM: 0 });
    ['Sponsorship', 'Standard', 'House'].forEach((Name, i) =>
      this.priorities.set(21 + i, { Id: 21 + i, Name, ChannelId: 11, Weight: i + 1, IsDeleted: false, SelectionAlgorithm: 0 }),
    );
    this.advertisers.set(4000, {
      Id: 4000,
      Title: 'Acme',
      IsActive: true,
      IsDeleted: false,
      ExternalId: 'acme.example',
      Version: 1,
      LastModified: this.clock.iso(),
    });
    for (let i = 0; i < this.settings.sites; i++) {
      this.sites.set(1000 + i, { Id: 1000 + i, Title: `Site ${i}`, Url: `https://site${i}.example/`, IsDeleted: false, NetworkMargin: null });
      for (let z = 0; z < 3; z++)
        this.zones.set(20000 + i * 10 + z, { Id: 20000 + i * 10 + z, Name: ['top', 'side', 'video'][z], SiteId: 1000 + i, IsDeleted: false });
    }
    this.templates.set(31, {
      Id: 31,
      Name: 'Native article',
      Description: 'Headline and image',
      IsArchived: false,
      Contents: [],
      Fields: [
        { Name: 'Headline', Variable: 'ctHeadline', Type: 'String', Required: true, Hidden: false },
        { Name: 'Image', Variable: 'ctImage', Type: 'File', Required: false, Hidden: false },
      ],
    });
  }

  id(kind) {
    return this.next[kind]++;
  }

  get(kind, id, what = kind.slice(0, -1)) {
    const have = /^\d+$/.test(String(id)) && this[kind].get(Number(id));
    if (!have || have.$gone) throw new NotFound(`There is no ${what} ${id}`);
    return have;
  }

  countries() {
    return Object.keys(COUNTRIES).map((code) => this.country(code));
  }

  country(code) {
    const [Name, regions] =
      COUNTRIES[code] ??
      (() => {
        throw new NotFound(`There is no country ${code}`);
      })();
    const metro = (m) => [String(m), { Name: `Metro ${m}`, Code: String(m), RegionCodes: [] }];
    return {
      Name,
      Code: code,
      Regions: Object.fromEntries(
        Object.entries(regions).map(([r, [n, metros]]) => [
          r,
          { Name: n, Code: r, CountryCode: code, Metros: Object.fromEntries(metros.map(metro)) },
        ]),
      ),
    };
  }

  checkGeo(geo, path) {
    const out = [];
    if (!geo.CountryCode) return [`${path}CountryCode is required`];
    if (!COUNTRIES[geo.CountryCode]) return [`${path}CountryCode ${geo.CountryCode} is unknown`];
    const regions = COUNTRIES[geo.CountryCode][1];
    if (geo.Region && !regions[geo.Region]) out.push(`${path}Region ${geo.Region} is unknown in ${geo.CountryCode}`);
    if (geo.MetroCode && !Object.values(regions).some(([, metros]) => metros.includes(geo.MetroCode)))
      out.push(`${path}MetroCode ${geo.MetroCode} is unknown`);
    return out;
  }

  checkSiteZone(t, path) {
    const out = [],
      zone = t.ZoneId ? this.zones.get(t.ZoneId) : undefined;
    if (!t.SiteId) out.push(`${path}SiteId is required`);
    else if (!this.sites.has(t.SiteId)) out.push(`${path}SiteId ${t.SiteId} is unknown`);
    if (t.ZoneId && zone?.SiteId !== t.SiteId) out.push(`${path}ZoneId ${t.ZoneId} is no zone of the site`);
    return out;
  }
}

// ---- creating and replacing ----

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

// Checks a body by the schema of its request. What a GET showed may be sent back as it was shown, because a client reads the whole
// object, changes it and writes it; anything else that is read only, or that the schema does not know, must not be there.
export function judge(schemaName, body, shown = {}) {
  const schema = schemas[schemaName],
    changed = Object.fromEntries(Object.entries(body).filter(([n, v]) => !(n in shown && same(v, shown[n]))));
  refuse([
    ...(schema.required ?? []).filter((n) => body[n] === undefined).map((n) => `${n} is required`),
    ...check({ ...schema, required: [], alsoKnown: schema.required }, changed),
    ...Object.entries(changed)
      .filter(([n, v]) => schema.properties[n]?.readOnly && v !== null)
      .map(([n]) => `${n} is read only`),
  ]);
}

const KINDS = {
  advertisers: { path: '/v1/advertiser', id: 'advertiserId', check: () => [] },
  campaigns: { path: '/v1/campaign', id: 'campaignId', check: checkCampaign },
  flights: { path: '/v1/flight', id: 'flightId', check: checkFlight },
  creatives: { path: '/v1/creative', id: 'CreativeId', check: checkCreative },
};

export function create(k, kind, body, ctx) {
  const schemaName = `POST ${KINDS[kind].path}`;
  judge(schemaName, body);
  refuse(KINDS[kind].check(k, body));
  const Id = k.id(kind),
    at = k.clock.iso();
  const made = { ...whole(schemas[schemaName], body), Id, Version: 1, LastModified: at, ...(kind !== 'creatives' && { Created: at }) };
  if (kind === 'campaigns') Object.assign(made, { StartDateISO: at, Flights: null });
  k[kind].set(Id, made);
  if (kind === 'flights') {
    made.$history = new History();
    (body.GeoTargeting ?? []).forEach((g) => addGeo(k, made, g));
    (body.SiteZoneTargeting ?? []).forEach((t) => addSiteZone(k, made, t));
  }
  ctx.effect();
  settle(k, made, kind);
  return view(k, kind, made);
}

export function replace(k, kind, id, body, ctx) {
  const old = k.get(kind, id),
    { path, id: name } = KINDS[kind],
    schemaName = `PUT ${path}/{${name}}`,
    shown = view(k, kind, old);
  if (body?.Id !== undefined && body.Id !== old.Id) throw new BadRequest('Id is not the id of the path');
  const lists = ['GeoTargeting', 'SiteZoneTargeting', 'CreativeMaps', 'Flights'],
    cleared = whole(schemas[`POST ${path}`], {});
  refuse(lists.filter((n) => body[n] !== undefined && !same(body[n], shown[n])).map((n) => `${n} is not changed by this call`));
  judge(schemaName, body, shown);
  refuse(KINDS[kind].check(k, body, old));
  for (const n of Object.keys(old)) if (n in cleared && !lists.includes(n)) old[n] = cleared[n];
  Object.assign(old, aliases(Object.fromEntries(Object.entries(body).filter(([n]) => !lists.includes(n)))), {
    Id: Number(id),
    Version: (old.Version ?? 0) + 1,
    LastModified: k.clock.iso(),
  });
  ctx.effect();
  settle(k, old, kind);
  return view(k, kind, old);
}

// Two members are spelled differently in the published bodies of POST and PUT.
function aliases(v) {
  const { CustomFieldsJSON, isNoDuplicates, ...rest } = v;
  return {
    ...rest,
    ...(CustomFieldsJSON !== undefined && { CustomFieldsJson: CustomFieldsJSON }),
    ...(isNoDuplicates !== undefined && { IsNoDuplicates: isNoDuplicates }),
  };
}

function checkCampaign(k, c, old) {
  if (!k.advertisers.has(c.AdvertiserId)) return [`AdvertiserId ${c.AdvertiserId} is unknown`];
  return old && old.AdvertiserId !== c.AdvertiserId ? ['AdvertiserId cannot be changed'] : [];
}

function checkFlight(k, f, old) {
  const out = [],
    campaign = k.campaigns.get(f.CampaignId);
  if (!campaign || campaign.IsDeleted) out.push(`CampaignId ${f.CampaignId} is unknown`);
  if (old && old.CampaignId !== f.CampaignId) out.push('CampaignId cannot be changed');
  if (!k.priorities.has(f.PriorityId)) out.push(`PriorityId ${f.PriorityId} is unknown`);
  if (f.EndDateISO && Date.parse(f.EndDateISO) <= Date.parse(f.StartDateISO)) out.push('EndDateISO must be after StartDateISO');
  if (f.Name === '') out.push('Name must not be empty');
  if (f.GoalType === 2 && (f.Impressions < 1 || f.Impressions > 100)) out.push('Impressions must be a percentage from 1 to 100 for GoalType 2');
  if (f.GoalType !== 2 && f.Impressions < 1) out.push('Impressions must be at least 1');
  if (f.Price < 0) out.push('Price must not be negative');
  if (f.IsFreqCap && !(f.FreqCap > 0 && f.FreqCapDuration > 0 && f.FreqCapType))
    out.push('FreqCap, FreqCapDuration and FreqCapType are required with IsFreqCap');
  (f.GeoTargeting ?? []).forEach((g, i) => out.push(...k.checkGeo(g, `GeoTargeting[${i}].`)));
  (f.SiteZoneTargeting ?? []).forEach((t, i) => out.push(...k.checkSiteZone(t, `SiteZoneTargeting[${i}].`)));
  return out;
}

function checkCreative(k, c, old) {
  const out = [];
  if (!k.advertisers.has(c.AdvertiserId)) out.push(`AdvertiserId ${c.AdvertiserId} is unknown`);
  if (!k.adTypes.has(c.AdTypeId)) out.push(`AdTypeId ${c.AdTypeId} is unknown`);
  if (old && old.AdTypeId !== c.AdTypeId) out.push('AdTypeId cannot be changed');
  if (c.TemplateId) return [...out, ...checkTemplate(k, c)];
  const hasContent = c.IsHTMLJS ? Boolean(c.ScriptBody) : true;
  if (!hasContent) out.push('ScriptBody is required with IsHTMLJS');
  return out;
}

function checkTemplate(k, c) {
  const template = k.templates.get(c.TemplateId);
  if (!template) return [`TemplateId ${c.TemplateId} is unknown`];
  let values;
  try {
    values = JSON.parse(c.TemplateValues);
  } catch {
    return ['TemplateValues must be a JSON object as text'];
  }
  return [
    ...template.Fields.filter((f) => f.Required && !values?.[f.Variable]).map((f) => `TemplateValues lacks ${f.Variable}`),
    ...Object.keys(values ?? {})
      .filter((n) => !template.Fields.some((f) => f.Variable === n))
      .map((n) => `TemplateValues: ${n} is no field of the template`),
  ];
}

export function view(k, kind, o) {
  const out = Object.fromEntries(Object.entries(o).filter(([n]) => !n.startsWith('$')));
  if (kind !== 'flights') return out;
  return {
    ...out,
    GeoTargeting: [...k.geos.values()].filter((g) => g.$flight === o.Id).map(plain),
    SiteZoneTargeting: [...k.siteZones.values()].filter((t) => t.FlightId === o.Id).map(plain),
    CreativeMaps: adsOf(k, o.Id).map((a) => ad(k, a)),
  };
}
export const plain = (o) => Object.fromEntries(Object.entries(o).filter(([n]) => !n.startsWith('$')));

// ---- what hangs on a flight ----

export function addGeo(k, flight, g) {
  const geo = {
    CountryCode: g.CountryCode,
    Region: g.Region ?? null,
    MetroCode: g.MetroCode ?? null,
    IsExclude: g.IsExclude ?? false,
    LocationId: k.id('geos'),
    $flight: flight.Id,
  };
  k.geos.set(geo.LocationId, geo);
  return plain(geo);
}

export function addSiteZone(k, flight, t) {
  const row = {
    Id: k.id('siteZones'),
    IsExcluded: t.IsExcluded ?? t.IsExclude ?? false,
    SiteId: t.SiteId,
    ZoneId: t.ZoneId ?? 0,
    FlightId: flight.Id,
  };
  k.siteZones.set(row.Id, row);
  return plain(row);
}

export const adsOf = (k, flightId) => [...k.ads.values()].filter((a) => a.FlightId === flightId && !a.IsDeleted);
export const ad = (k, a) => ({ ...plain(a), Creative: view(k, 'creatives', k.creatives.get(a.Creative.Id)) });

export function createAd(k, flightId, body, ctx) {
  const flight = k.get('flights', flightId),
    name = 'POST /v1/flight/{flightId}/creative';
  judge(name, body);
  if (body.FlightId !== flight.Id) throw new BadRequest('FlightId is not the flight of the path');
  refuse(checkAd(k, flight, body));
  const a = { ...whole(schemas[name], body), Id: k.id('ads'), CampaignId: flight.CampaignId, IsDeleted: false };
  k.ads.set(a.Id, a);
  ctx.effect();
  settle(k, flight, 'flights');
  return ad(k, a);
}

function checkAd(k, flight, body) {
  const creative = k.creatives.get(body.Creative?.Id);
  if (!creative || creative.IsDeleted) return [`Creative.Id ${body.Creative?.Id} is unknown`];
  const advertiser = k.campaigns.get(flight.CampaignId).AdvertiserId;
  return creative.AdvertiserId === advertiser ? [] : [`Creative ${creative.Id} belongs to another advertiser than the campaign`];
}

export function replaceAd(k, flightId, adId, body, ctx) {
  const flight = k.get('flights', flightId),
    a = k.get('ads', adId),
    name = 'PUT /v1/flight/{flightId}/creative/{adId}';
  if (a.FlightId !== flight.Id || a.IsDeleted) throw new NotFound(`There is no ad ${adId} of flight ${flightId}`);
  judge(name, body, ad(k, a));
  if (body.Creative?.Id !== undefined && body.Creative.Id !== a.Creative.Id) throw new BadRequest('Creative.Id cannot be changed');
  const cleared = whole(schemas['POST /v1/flight/{flightId}/creative'], {});
  for (const n of Object.keys(a)) if (n in cleared && !['Creative', 'FlightId'].includes(n)) a[n] = cleared[n];
  Object.assign(a, Object.fromEntries(Object.entries(body).filter(([n]) => n !== 'Creative')), {
    Id: Number(adId),
    FlightId: flight.Id,
    CampaignId: flight.CampaignId,
  });
  ctx.effect();
  settle(k, flight, 'flights');
  return ad(k, a);
}

// The image of a creative comes as multipart/form-data, one part called "image".
export function upload(k, id, asked, ctx) {
  const creative = k.get('creatives', id),
    type = k.adTypes.get(creative.AdTypeId);
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/.exec(asked.headers['content-type'] ?? '')?.[1];
  if (!boundary) throw new BadRequest('The body must be multipart/form-data');
  const raw = asked.raw.toString('latin1'),
    parts = raw.split(`--${boundary}`).slice(1, -1),
    part = parts.find((p) => /name="image"/.test(p));
  if (!raw.trimEnd().endsWith(`--${boundary}--`) || !part) throw new BadRequest('The part "image" is required');
  const bytes = Buffer.from(part.slice(part.indexOf('\r\n\r\n') + 4, part.lastIndexOf('\r\n')), 'latin1'),
    image = imageOf(bytes);
  if (!image) throw new BadRequest('image: the bytes are no image');
  if (asked.query.get('sizeOverride') !== 'true' && (image.width !== type.Width || image.height !== type.Height)) {
    throw new BadRequest(`image: it is ${image.width}x${image.height}, the ad type ${type.Width}x${type.Height}`);
  }
  creative.$bytes = { n: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  creative.ImageName = /filename="([^"]+)"/.exec(part)?.[1] ?? 'image';
  creative.ImageLink = `https://static.fake/${creative.$bytes.sha256.slice(0, 16)}`;
  ctx.effect();
  return view(k, 'creatives', creative);
}

// ---- delivery ----

const UNITS = { 1: 'impressions', 2: 'impressions', 3: 'clicks' },
  PAID = { 2: ['impressions', 1000], 3: ['clicks', 1] };

// Whatever changed, the flights it concerns run or do not run accordingly from now on.
export function settle(k, changed, kind) {
  const concerned = kind === 'flights' ? [changed] : [...k.flights.values()].filter((f) => kind !== 'campaigns' || f.CampaignId === changed.Id);
  for (const f of concerned) settleFlight(k, f);
}

function settleFlight(k, f) {
  const campaign = k.campaigns.get(f.CampaignId),
    traffic = zonesOf(k, f) * k.settings.daily_traffic;
  const runs = campaign.IsActive && !campaign.IsDeleted && !campaign.IsArchived && f.IsActive && !f.IsDeleted && !f.IsArchived;
  const unit = UNITS[f.GoalType] ?? 'impressions',
    end = f.EndDateISO ? Date.parse(f.EndDateISO) : 8.64e15,
    lifetime = [1, 3].includes(f.GoalType) && f.EndDateISO;
  const perDay = f.GoalType === 2 ? Math.floor((traffic * f.Impressions) / 100) : Math.floor(traffic / 10),
    [pays, per] = PAID[f.RateType] ?? [unit, 0];
  const goal = f.CapType === 1 && f.LifetimeCapAmount ? Math.min(f.Impressions, f.LifetimeCapAmount) : f.Impressions;
  f.$history.change(k.clock.now(), {
    active: Boolean(runs) && traffic > 0,
    start: Date.parse(f.StartDateISO),
    end,
    unit,
    ...(lifetime ? { goal } : { perDay }),
    pays,
    per,
    rateMicros: Math.round((f.Price ?? 0) * 1e6),
    creatives: turns(k, f),
  });
}

function turns(k, f) {
  return adsOf(k, f.Id)
    .filter((a) => a.IsActive && k.creatives.get(a.Creative.Id).IsActive && !k.creatives.get(a.Creative.Id).IsDeleted)
    .map((a) => ({ id: a.Id, weight: a.DistributionType === 2 && a.Percentage ? a.Percentage : 1 }));
}

// How many zones a flight reaches.
function zonesOf(k, f) {
  const rows = [...k.siteZones.values()].filter((t) => t.FlightId === f.Id),
    wanted = rows.filter((t) => !t.IsExcluded);
  const hits = (z, t) => t.SiteId === z.SiteId && (!t.ZoneId || t.ZoneId === z.Id);
  return [...k.zones.values()].filter((z) => (!wanted.length || wanted.some((t) => hits(z, t))) && !rows.some((t) => t.IsExcluded && hits(z, t)))
    .length;
}
