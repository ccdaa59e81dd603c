// The state of one fake Ad Manager network: what there is when it starts (people, advertisers, inventory), what is made in it,
// and how much traffic its inventory has.
export const SETTINGS = {
  network_code: ['123456', 'the network'],
  currency: ['USD', 'its currency'],
  secondary_currencies: [['EUR', 'GBP'], 'others it may sell in'],
  time_zone: ['America/New_York', 'of its days and reports'],
  test_network: [false, 'sandboxes never serve: reports stay empty'],
  ad_units: [64, 'how many ad units there are below the root'],
  daily_traffic: [100000, 'impressions a day of each ad unit'],
  calls_per_s: [8, 'more are refused with EXCEEDED_QUOTA; 0: no limit'],
  reports_per_hour: [250, 'more are refused with REPORT_JOB_LIMIT'],
  report_polls: [1, "how often a report's operation is still running when it is asked"],
  role: ['Administrator', 'of the service account: Administrator, Trafficker, Salesperson, Read only'],
  api_access: [true, 'false: the account is signed in and belongs to no network'],
  api_enabled: [true, 'false: the API is not enabled in the Cloud project (REST)'],
  forecast_ready_s: [0, 'NO_FORECAST_YET for so long after a line item was made'],
  token_s: [3600, 'how long an access token is good'],
  old_errors: [false, 'errors as before 2026: with AdManagerError'],
  soap_versions: [['v202605', 'v202608'], 'others answer UPDATE_TO_NEWER_VERSION'],
  xsd: ['', "a folder with the services' .xsd: SOAP bodies are judged by xmllint, too"],
};

const PERMISSIONS = {
  Administrator: ['orders', 'approve', 'lineItems', 'creatives', 'companies', 'customTargeting', 'reports'],
  Trafficker: ['orders', 'approve', 'lineItems', 'creatives', 'customTargeting', 'reports'],
  Salesperson: ['orders', 'reports'],
  'Read only': ['reports'],
};

// Ids are larger than 32 bits can hold, as Ad Manager's are.
const FIRST_ID = {
  orders: 2860100001,
  lineItems: 5714200001,
  creatives: 138300000001,
  companies: 4520000001,
  reports: 5300000001,
  customTargetingKeys: 13600001,
  customTargetingValues: 448000000001,
  runs: 910000001,
};

export class Network {
  constructor(settings) {
    this.settings = settings;
    this.name = `networks/${settings.network_code}`;
    this.next = { ...FIRST_ID };
    for (const kind of [
      'orders',
      'lineItems',
      'creatives',
      'associations',
      'companies',
      'users',
      'roles',
      'adUnits',
      'placements',
      'geoTargets',
      'customTargetingKeys',
      'customTargetingValues',
      'deviceCategories',
      'operatingSystems',
      'browsers',
      'labels',
      'audienceSegments',
      'creativeTemplates',
      'reports',
      'operations',
      'results',
    ])
      this[kind] = new Map();
    this.assets = new Set();
    this.reportRuns = [];
    this.#people();
    this.#inventory();
    this.#places();
    this.#keys();
  }

  id(kind) {
    return String(this.next[kind]++);
  }

  path(kind, id) {
    return `${this.name}/${kind}/${id}`;
  }

  put(kind, id, value) {
    const name = this.path(kind, id);
    this[kind].set(name, { name, ...value });
    return this[kind].get(name);
  }

  #people() {
    Object.keys(PERMISSIONS).forEach((displayName, i) => this.put('roles', String(i - 1), { displayName, builtIn: true, status: 'ACTIVE' }));
    const role = (name) => [...this.roles.values()].find((r) => r.displayName === name).name;
    this.put('users', '245001', {
      displayName: 'Theo Trafficker',
      email: 'theo@publisher.example',
      role: role('Trafficker'),
      active: true,
      serviceAccount: false,
    });
    this.put('users', '245002', { displayName: 'Sales agent', email: 'agent@project.example', active: true, serviceAccount: true });
    this.me = this.path('users', '245002');
    const settings = this.settings; // may change while it runs
    Object.defineProperty(this.users.get(this.me), 'role', { enumerable: true, get: () => role(settings.role) });
    this.put('companies', '4510000001', { displayName: 'Acme', type: 'ADVERTISER', externalId: 'acme.example', creditStatus: 'ACTIVE' });
    this.put('companies', '4510000002', { displayName: 'Acme', type: 'AGENCY', creditStatus: 'ACTIVE' });
    this.put('companies', '4510000003', { displayName: 'Blocked Ltd', type: 'ADVERTISER', creditStatus: 'BLOCKED' });
    this.put('labels', '9001', { displayName: 'Cars', types: ['COMPETITIVE_EXCLUSION'], active: true });
  }

  // 64 ad units: eight sections of the site, each with pages; the codes are unique, the names are not.
  #inventory() {
    const size = (width, height) => ({ size: { width, height, sizeType: 'PIXEL' }, environmentType: 'BROWSER' });
    const sizes = [size(300, 250), size(728, 90), size(970, 250), size(160, 600), size(320, 50)];
    const root = this.put('adUnits', '21700001', { displayName: 'Network', adUnitCode: 'ca-pub-1', status: 'ACTIVE', hasChildren: true });
    this.root = root.name;
    const names = ['home', 'news', 'sport', 'tech', 'money', 'travel', 'video', 'audio'];
    for (let i = 0; i < this.settings.ad_units; i++) {
      const section = names[i % names.length],
        top = i < names.length;
      const parent = top ? root.name : this.path('adUnits', String(21700100 + (i % names.length)));
      this.put('adUnits', String(21700100 + i), {
        displayName: top ? section : `page ${Math.floor(i / names.length)}`,
        parentAdUnit: parent,
        adUnitCode: top ? section : `${section}-${Math.floor(i / names.length)}`,
        adUnitSizes: sizes,
        status: 'ACTIVE',
        hasChildren: top && this.settings.ad_units > names.length,
        explicitlyTargeted: false,
        parentPath: [{ parentAdUnit: root.name, adUnitCode: 'ca-pub-1', displayName: 'Network' }],
      });
    }
    this.put('adUnits', '21700090', { displayName: 'old', adUnitCode: 'old', parentAdUnit: root.name, status: 'ARCHIVED', adUnitSizes: sizes });
    const unit = (i) => this.path('adUnits', String(21700100 + i));
    this.put('placements', '3100001', { displayName: 'Run of tech', placementCode: 'tech', status: 'ACTIVE', targetedAdUnits: [unit(3)] });
    this.put('placements', '3100002', { displayName: 'Run of video', placementCode: 'video', status: 'ACTIVE', targetedAdUnits: [unit(6)] });
    this.put('placements', '3100003', { displayName: 'Retired', placementCode: 'retired', status: 'ARCHIVED', targetedAdUnits: [] });
    this.put('creativeTemplates', '10004520', {
      displayName: 'Native article',
      type: 'CUSTOM',
      status: 'ACTIVE',
      snippet: '<div>[%Headline%]</div>',
      variables: [
        { label: 'Headline', uniqueDisplayName: 'Headline', description: 'Headline', required: true, stringVariable: {} },
        { label: 'Image', uniqueDisplayName: 'Image', description: 'Image', required: true, assetVariable: { mimeTypes: ['PNG', 'JPG'] } },
        { label: 'ClickUrl', uniqueDisplayName: 'ClickUrl', description: 'Landing page', required: true, urlVariable: {} },
      ],
    });
  }

  // The ids are Google's; each: id, name, type, region code, parent.
  #places() {
    const rows = [
      [2840, 'United States', 'Country', 'US'],
      [2276, 'Germany', 'Country', 'DE'],
      [2826, 'United Kingdom', 'Country', 'GB'],
      [2250, 'France', 'Country', 'FR'],
      [2124, 'Canada', 'Country', 'CA'],
      [2010, 'Antarctica', 'Country', 'AQ'],
      [21137, 'California', 'State', 'US', 2840],
      [21167, 'New York', 'State', 'US', 2840],
      [20228, 'Berlin', 'State', 'DE', 2276],
      [200501, 'New York, NY', 'DMA Region', 'US', 21167],
      [200807, 'San Francisco-Oakland-San Jose, CA', 'DMA Region', 'US', 21137],
      [200803, 'Los Angeles, CA', 'DMA Region', 'US', 21137],
      [1023191, 'New York', 'City', 'US', 21167],
      [1003854, 'Berlin', 'City', 'DE', 20228],
      [1014044, 'San Jose', 'City', 'US', 21137],
      [9004331, '10001', 'Postal Code', 'US', 21167],
      [9031936, '94043', 'Postal Code', 'US', 21137],
    ];
    for (const [id, displayName, type, regionCode, parent] of rows) {
      this.put('geoTargets', String(id), {
        displayName,
        type,
        regionCode,
        targetable: true,
        ...(parent && {
          canonicalParent: this.path('geoTargets', parent),
          parentNames: [this.geoTargets.get(this.path('geoTargets', parent)).displayName],
        }),
      });
    }
    this.put('geoTargets', '9999999', { displayName: 'Nowhere', type: 'City', regionCode: 'US', targetable: false });
    [
      [30000, 'Desktop'],
      [30001, 'Smartphone'],
      [30002, 'Tablet'],
      [30003, 'Feature Phone'],
      [30004, 'Connected TV'],
      [30005, 'Set Top Box'],
    ].forEach(([id, displayName]) => this.put('deviceCategories', String(id), { displayName }));
    [
      [501013, 'Android'],
      [501012, 'Apple iOS'],
      [501000, 'Windows'],
    ].forEach(([id, displayName]) => this.put('operatingSystems', String(id), { displayName }));
    [
      [500072, 'Google Chrome'],
      [500109, 'Firefox'],
      [500119, 'Safari'],
    ].forEach(([id, displayName]) => this.put('browsers', String(id), { displayName, majorVersion: 'Any', minorVersion: 'Any' }));
    this.put('audienceSegments', '700001', { displayName: 'Car buyers' });
  }

  #keys() {
    const key = (id, adTagName, type, values) => {
      const k = this.put('customTargetingKeys', id, { adTagName, displayName: adTagName, type, status: 'ACTIVE', reportableType: 'ON' });
      values.forEach((v, i) =>
        this.put('customTargetingValues', `${id}${String(i).padStart(4, '0')}`, {
          customTargetingKey: k.name,
          adTagName: v,
          displayName: v,
          matchType: 'EXACT',
          status: 'ACTIVE',
        }),
      );
    };
    key('13500001', 'section', 'PREDEFINED', ['tech', 'sport', 'money']);
    key('13500002', 'genre', 'PREDEFINED', ['news', 'comedy', 'drama']);
    key('13500003', 'keyword', 'FREEFORM', ['laptops']);
  }

  may(what) {
    return PERMISSIONS[this.settings.role].includes(what);
  }

  currencies() {
    return [this.settings.currency, ...this.settings.secondary_currencies];
  }

  // Ad units below (and with) one, archived ones left out.
  below(name) {
    const out = [name];
    for (let i = 0; i < out.length; i++) {
      for (const u of this.adUnits.values()) if (u.parentAdUnit === out[i] && u.status === 'ACTIVE') out.push(u.name);
    }
    return out;
  }

  // The ad units that a targeting reaches.
  reached(targeting) {
    const t = targeting.inventoryTargeting ?? {},
      units = new Set();
    const add = (name, descendants) => (descendants === false ? [name] : this.below(name)).forEach((u) => units.add(u));
    (t.targetedAdUnits ?? []).forEach((u) => add(u.adUnit, u.includeDescendants ?? true));
    (t.targetedPlacements ?? []).forEach((p) => this.placements.get(p)?.targetedAdUnits.forEach((u) => add(u, true)));
    (t.excludedAdUnits ?? []).forEach((u) => this.below(u.adUnit).forEach((n) => units.delete(n)));
    return units;
  }

  // Impressions a day that a targeting can get. Nobody lives in Antarctica; three in four live elsewhere than wanted.
  dailyTraffic(targeting) {
    const geos = targeting.geoTargeting?.targetedGeos ?? [];
    if (geos.length && geos.every((g) => g.endsWith('/2010'))) return 0;
    const all = this.reached(targeting).size * this.settings.daily_traffic;
    return geos.length ? Math.floor(all / 4) : all;
  }

  resource() {
    const s = this.settings;
    return {
      name: this.name,
      displayName: 'Fake network',
      networkCode: s.network_code,
      networkId: '771',
      propertyCode: s.network_code,
      timeZone: s.time_zone,
      currencyCode: s.currency,
      secondaryCurrencyCodes: s.secondary_currencies,
      effectiveRootAdUnit: this.root,
      testNetwork: s.test_network,
    };
  }
}
