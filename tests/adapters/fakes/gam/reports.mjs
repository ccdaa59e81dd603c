// Reports: defined, run (an operation that one polls), and fetched page by page. The numbers are those of the line items' histories
// at the moment of the run, in the network's days.
import { dayOf, hourOf, isZone, nextDay, startOf } from '../lib/zone.mjs';
import { ApiError, violation, refuse, fail } from './errors.mjs';

const COUNTS = {
  AD_SERVER_IMPRESSIONS: 'impressions',
  AD_SERVER_CLICKS: 'clicks',
  AD_SERVER_COMPLETED_VIEWS: 'completed',
  AD_SERVER_UNFILTERED_IMPRESSIONS: 'impressions',
  AD_SERVER_UNFILTERED_CLICKS: 'clicks',
  AD_SERVER_ACTIVE_VIEW_MEASURABLE_IMPRESSIONS: 'measurable',
  AD_SERVER_ACTIVE_VIEW_VIEWABLE_IMPRESSIONS: 'viewable',
};
const RELATIVE = { TODAY: [0, 0], YESTERDAY: [-1, -1], LAST_7_DAYS: [-7, -1], LAST_30_DAYS: [-30, -1], LAST_90_DAYS: [-90, -1] };
const ROWS_MAX = 10000;

const last = (name) => name.split('/').at(-1);
const int = (v) => ({ intValue: String(v) });
const text = (v) => ({ stringValue: v });
const NO_VALUE = text('(N/A)');

// What a dimension is of a line item (with a creative, a day, an hour).
const DIMENSIONS = {
  DATE: (x) => int(x.day.replaceAll('-', '')),
  HOUR: (x) => int(x.hour),
  ORDER_ID: (x) => int(last(x.order.name)),
  ORDER_NAME: (x) => text(x.order.displayName),
  ORDER_EXTERNAL_ID: (x) => (x.order.externalOrderId === undefined ? NO_VALUE : int(x.order.externalOrderId)),
  LINE_ITEM_ID: (x) => int(last(x.item.name)),
  LINE_ITEM_NAME: (x) => text(x.item.displayName),
  LINE_ITEM_EXTERNAL_ID: (x) => (x.item.externalLineItemId ? text(x.item.externalLineItemId) : NO_VALUE),
  CREATIVE_ID: (x) => int(last(x.creative.name)),
  CREATIVE_NAME: (x) => text(x.creative.displayName),
  ADVERTISER_ID: (x) => int(last(x.order.advertiser)),
  ADVERTISER_NAME: (x, net) => text(net.companies.get(x.order.advertiser).displayName),
};

export function checkReport(net, report, path) {
  const d = report.reportDefinition ?? {},
    out = [],
    where = `${path}.reportDefinition`;
  const say = (member, reason, why) => out.push(violation(`${where}.${member}`, reason, why));
  if (d.reportType && d.reportType !== 'HISTORICAL') say('reportType', 'UNSUPPORTED', 'This fake runs HISTORICAL reports only.');
  if (d.timeZoneSource === 'UTC')
    say(
      'timeZoneSource',
      'REPORT_ERROR_TIME_ZONE_TYPE_NOT_SUPPORTED_FOR_REQUESTED_REPORT',
      'UTC is only compatible with Revenue Verification reports.',
    );
  if ((d.timeZoneSource === 'PROVIDED') !== (d.timeZone !== undefined))
    say('timeZone', 'REPORT_ERROR_TIME_ZONE_TYPE_NOT_SUPPORTED_FOR_REQUESTED_REPORT', 'A time zone goes with timeZoneSource PROVIDED.');
  else if (d.timeZone && !isZone(d.timeZone)) say('timeZone', 'TIME_ZONE_ERROR_INVALID_TIMEZONE_ID', 'There is no such time zone.');
  if (d.currencyCode && !net.currencies().includes(d.currencyCode))
    say('currencyCode', 'REPORT_ERROR_CURRENCY_CODE_NOT_SUPPORTED_FOR_REQUESTED_REPORT', 'The network has no such currency.');
  for (const list of ['dimensions', 'metrics']) {
    if (new Set(d[list]).size !== (d[list] ?? []).length)
      say(list, list === 'metrics' ? 'REPORT_ERROR_INVALID_COLUMNS' : 'REPORT_ERROR_INVALID_DIMENSIONS', 'One of them is there twice.');
  }
  checkRange(d.dateRange, say);
  (d.filters ?? []).forEach((f, i) => {
    try {
      filterOf(f);
    } catch (e) {
      say(`filters[${i}]`, 'REPORT_ERROR_INVALID_DIMENSION_FILTERS', e.message);
    }
  });
  return out;
}

const iso = (d) => `${String(d.year).padStart(4, '0')}-${String(d.month).padStart(2, '0')}-${String(d.day).padStart(2, '0')}`;
const google = (day) => ({ year: Number(day.slice(0, 4)), month: Number(day.slice(5, 7)), day: Number(day.slice(8)) });

function checkRange(range, say) {
  if (!range) return undefined;
  if (range.relative && !RELATIVE[range.relative])
    return say('dateRange.relative', 'UNSUPPORTED', `This fake knows ${Object.keys(RELATIVE).join(', ')}.`);
  if (range.fixed && iso(range.fixed.startDate) > iso(range.fixed.endDate))
    return say('dateRange.fixed', 'REPORT_ERROR_END_DATE_TIME_NOT_AFTER_START_TIME', 'It ends before it starts.');
  if (!range.fixed && !range.relative) return say('dateRange', 'REQUIRED_ERROR_REQUIRED', 'A required member is missing.');
  return undefined;
}

function filterOf(f) {
  if (f.andFilter) {
    const all = f.andFilter.filters.map(filterOf);
    return (x, net) => all.every((t) => t(x, net));
  }
  if (f.orFilter) {
    const all = f.orFilter.filters.map(filterOf);
    return (x, net) => all.some((t) => t(x, net));
  }
  if (f.notFilter) {
    const t = filterOf(f.notFilter);
    return (x, net) => !t(x, net);
  }
  const { field, operation, values } = f.fieldFilter ?? {};
  if (!field?.dimension || !['IN', 'NOT_IN'].includes(operation)) throw new Error('This fake filters dimensions by IN and NOT_IN.');
  const wanted = new Set(values.flatMap((v) => v.intListValue?.values ?? v.stringListValue?.values ?? [Object.values(v)[0]]).map(String));
  return (x, net) => wanted.has(String(Object.values(DIMENSIONS[field.dimension](x, net))[0])) === (operation === 'IN');
}

export function createReport(net, report, now) {
  const id = net.id('reports'),
    at = new Date(now).toISOString();
  return net.put('reports', id, { visibility: 'HIDDEN', ...report, reportId: id, createTime: at, updateTime: at, locale: 'en-US' });
}

export function runReport(net, report, now) {
  const hour = net.reportRuns.filter((at) => at > now - 3600000);
  if (hour.length >= net.settings.reports_per_hour) {
    throw new ApiError('RESOURCE_EXHAUSTED', 'Too many report jobs.', [
      violation(undefined, 'QUOTA_ERROR_REPORT_JOB_LIMIT', 'Too many report jobs: wait before running more.'),
    ]);
  }
  net.reportRuns = [...hour, now];
  const id = net.id('runs'),
    name = `${net.name}/operations/reports/runs/${id}`,
    result = `${report.name}/results/${id}`;
  net.results.set(result, { rows: rows(net, report.reportDefinition, now), at: now, ranges: [rangeOf(net, report.reportDefinition, now)] });
  net.operations.set(name, { report: report.name, result, polls: 0, failed: false });
  return operation(net, name, false);
}

export function operation(net, name, asked = true) {
  const op = net.operations.get(name) ?? fail('NOT_FOUND', 'name', 'COMMON_ERROR_NOT_FOUND', `There is no ${name}.`);
  if (asked) op.polls++;
  const done = op.polls > net.settings.report_polls,
    at = 'type.googleapis.com/google.ads.admanager.v1.';
  return {
    name,
    metadata: { '@type': `${at}RunReportMetadata`, percentComplete: done ? 100 : Math.min(90, op.polls * 30), report: op.report },
    ...(done && { done: true }),
    ...(done && !op.failed && { response: { '@type': `${at}RunReportResponse`, reportResult: op.result } }),
    ...(done && op.failed && { error: { code: 13, message: 'The report could not be run.' } }),
  };
}

export function fetchRows(net, name, query) {
  const result = net.results.get(name) ?? fail('NOT_FOUND', 'name', 'COMMON_ERROR_NOT_FOUND', `There is no ${name}.`);
  const size = Math.min(Number(query.pageSize ?? 1000) || 1000, ROWS_MAX),
    from = query.pageToken === undefined ? 0 : offset(query.pageToken);
  const page = result.rows.slice(from, from + size),
    next = from + size;
  return {
    rows: page,
    ...(query.pageToken === undefined && {
      runTime: new Date(result.at).toISOString(),
      totalRowCount: result.rows.length,
      dateRanges: result.ranges.map(([a, b]) => ({ startDate: google(a), endDate: google(b) })),
    }),
    ...(next < result.rows.length && { nextPageToken: token(next) }),
  };
}

export const token = (n) => Buffer.from(`page ${n}`).toString('base64url');
export function offset(t) {
  const m = /^page (\d+)$/.exec(Buffer.from(t, 'base64url').toString());
  return m ? Number(m[1]) : fail('INVALID_ARGUMENT', 'pageToken', 'PARSE_ERROR_UNPARSABLE', 'The page token is not one that was given.');
}

function rangeOf(net, d, now) {
  if (d.dateRange.fixed) return [iso(d.dateRange.fixed.startDate), iso(d.dateRange.fixed.endDate)];
  const today = dayOf(now, zoneOf(net, d));
  return RELATIVE[d.dateRange.relative].map((n) => nextDay(today, n));
}

const zoneOf = (net, d) => (d.timeZoneSource === 'PROVIDED' ? d.timeZone : net.settings.time_zone);

// Lines of the calendar: each day of the range, or each hour of it.
function* periods([first, end], zone, now, hourly, earliest) {
  const begin = dayOf(earliest, zone);
  for (let day = first < begin ? begin : first; day <= end && startOf(day, zone) < now; day = nextDay(day)) {
    const from = startOf(day, zone),
      to = Math.min(now, startOf(nextDay(day), zone));
    for (let at = from; at < to; at = hourly ? at + 3600000 : to)
      yield { day, hour: hourOf(at, zone), from: at, to: hourly ? Math.min(to, at + 3600000) : to };
  }
}

function rows(net, d, now) {
  const zone = zoneOf(net, d),
    filters = (d.filters ?? []).map(filterOf),
    sums = new Map();
  const split = d.dimensions.some((n) => n.startsWith('CREATIVE_')),
    hourly = d.dimensions.includes('HOUR');
  for (const item of net.lineItems.values()) {
    const order = net.orders.get(item.order),
      history = item.$history;
    if (item.rate.currencyCode !== (d.currencyCode ?? item.rate.currencyCode) || !history.segments.length) continue;
    for (const period of periods(rangeOf(net, d, now), zone, now, hourly, history.segments[0].from)) {
      for (const id of split ? history.creatives() : [undefined]) {
        const x = { item, order, creative: net.creatives.get(id), ...period };
        if (filters.every((f) => f(x, net))) add(sums, d, x, history.between(period.from, period.to, id), net);
      }
    }
  }
  const out = [...sums.values()].filter((s) => Object.values(s.n).some((v) => v !== 0));
  return out
    .map((s) => ({ dimensionValues: s.dimensions, metricValueGroups: [{ primaryValues: d.metrics.map((m) => value(m, s.n)) }] }))
    .sort((a, b) => (JSON.stringify(a.dimensionValues) < JSON.stringify(b.dimensionValues) ? -1 : 1));
}

function add(sums, d, x, n, net) {
  const dimensions = d.dimensions.map((name) => DIMENSIONS[name](x, net)),
    key = JSON.stringify(dimensions),
    have = sums.get(key);
  if (!have) sums.set(key, { dimensions, n: { ...n } });
  else for (const k of Object.keys(n)) have.n[k] += n[k];
}

// Counts are integers, rates and money doubles (money in units of the currency).
function value(metric, n) {
  if (metric === 'AD_SERVER_REVENUE') return { doubleValue: n.spend_micros / 1e6 };
  if (metric === 'AD_SERVER_CTR') return { doubleValue: n.impressions ? n.clicks / n.impressions : 0 };
  return int(n[COUNTS[metric]]);
}
