// Creatives and their associations with line items: what each kind needs, that its bytes are what they claim to be, and that a
// creative fits where it is put.
import { createHash } from 'node:crypto';
import { imageOf } from '../lib/image.mjs';
import { violation, refuse, fail, length } from './errors.mjs';
import { settle } from './line_items.mjs';

const IMAGE_BYTES_MAX = 1 << 20,
  ZIP_BYTES_MAX = 5 << 20;
const TRACKERS = ['thirdPartyImpressionTrackingUrls', 'trackingUrls'];

// The kinds that can be made over REST, with what REST's own definitions do not say is needed.
const KINDS = {
  imageCreative: { needs: ['primaryImageAsset'], click: true, check: imageAsset, video: false },
  imageRedirectCreative: { needs: ['imageUrl'], click: true, video: false },
  thirdPartyCreative: { needs: ['snippet'], video: false },
  customCreative: { needs: ['htmlSnippet'], video: false },
  html5Creative: { needs: ['html5Asset'], check: zipAsset, video: false },
  vastRedirectCreative: { needs: ['vastXmlUrl', 'vastRedirectType', 'duration'], video: true },
};
// Made over SOAP only; see soap_services.mjs.
export const VIDEO_KINDS = ['vastRedirectCreative', 'videoRedirectCreative', 'audioRedirectCreative'];

export const kindOf = (creative) =>
  [...Object.keys(KINDS), 'templateCreative', 'videoRedirectCreative', 'audioRedirectCreative'].find((k) => creative[k] !== undefined);

export function checkCreative(net, creative, path, old) {
  const out = [],
    kind = kindOf(creative),
    details = creative[kind];
  const company = net.companies.get(creative.advertiser);
  if (creative.advertiser && !company)
    out.push(violation(`${path}.advertiser`, 'COMMON_ERROR_NOT_FOUND', 'There is no such company.', creative.advertiser));
  else if (company && !/ADVERTISER$/.test(company.type))
    out.push(violation(`${path}.advertiser`, 'CREATIVE_ERROR_INVALID_COMPANY_TYPE', 'The company is no advertiser.'));
  length(out, creative, path, { displayName: 255 });
  if (!kind)
    return [
      ...out,
      violation(path, 'CREATIVE_ERROR_CANNOT_CREATE_OR_UPDATE_UNSUPPORTED_CREATIVE', 'The creative has none of the details that say what it is.'),
    ];
  if (!KINDS[kind])
    return [
      ...out,
      violation(`${path}.${kind}`, 'CREATIVE_ERROR_CANNOT_CREATE_OR_UPDATE_UNSUPPORTED_CREATIVE', 'REST cannot write creatives of this kind.'),
    ];
  if (old && kindOf(old) !== kind) out.push(violation(`${path}.${kind}`, 'COMMON_ERROR_CANNOT_UPDATE', 'A creative stays of its kind.'));
  for (const name of KINDS[kind].needs) {
    if (details[name] === undefined || details[name] === '')
      out.push(violation(`${path}.${kind}.${name}`, 'REQUIRED_ERROR_REQUIRED', 'A required member is missing.'));
  }
  checkUrls(details, `${path}.${kind}`, KINDS[kind].click, out);
  if (details.duration !== undefined && !(parseFloat(details.duration) > 0))
    out.push(violation(`${path}.${kind}.duration`, 'RANGE_ERROR_TOO_LOW', 'It lasts no time.'));
  KINDS[kind].check?.(net, creative, details, `${path}.${kind}`, out, old);
  return out;
}

export function checkUrl(url, field, out) {
  if (url.length > 1024) out.push(violation(field, 'STRING_LENGTH_ERROR_TOO_LONG', 'The value is longer than 1024 characters.'));
  if (/\s/.test(url)) out.push(violation(field, 'INVALID_URL_ERROR_ILLEGAL_CHARACTERS', 'The URL has a space.', url));
  else if (!/^[a-z][a-z0-9+.-]*:/i.test(url)) out.push(violation(field, 'INVALID_URL_ERROR_NO_SCHEME', 'The URL has no scheme.', url));
  else if (!/^https?:\/\/[^/]+/.test(url) || !URL.canParse(url.replaceAll('%%', '').replaceAll('[', '').replaceAll(']', ''))) {
    out.push(violation(field, 'INVALID_URL_ERROR_INVALID_FORMAT', 'The value is no URL.', url));
  }
}

function checkUrls(details, path, click, out) {
  if (click && !details.destinationUrl && details.destinationUrlType !== 'NONE') {
    out.push(violation(`${path}.destinationUrl`, 'REQUIRED_ERROR_REQUIRED', 'It is required unless destinationUrlType is NONE.'));
  }
  if (details.destinationUrl && details.destinationUrlType === 'NONE')
    out.push(violation(`${path}.destinationUrl`, 'CREATIVE_ERROR_DESTINATION_URL_NOT_EMPTY', 'destinationUrlType is NONE.'));
  for (const name of ['destinationUrl', 'imageUrl', 'vastXmlUrl', 'ampRedirectUrl', 'thirdPartyClickTrackingUrl']) {
    if (details[name]) checkUrl(details[name], `${path}.${name}`, out);
  }
  for (const name of TRACKERS) (details[name] ?? []).forEach((u, i) => checkUrl(u.url ?? u, `${path}.${name}[${i}]`, out));
}

function bytesOf(net, asset, path, out, old) {
  if (asset.asset !== undefined && asset.assetByteArray !== undefined) {
    out.push(violation(path, 'CREATIVE_ERROR_CREATIVE_ASSET_CANNOT_HAVE_ID_AND_BYTE_ARRAY', 'It is an asset that is there, or bytes.'));
  } else if (asset.assetByteArray === undefined && asset.asset === undefined) {
    if (!old) out.push(violation(`${path}.assetByteArray`, 'REQUIRED_ERROR_REQUIRED', 'A required member is missing.'));
  } else if (asset.asset !== undefined && !net.assets.has(asset.asset)) {
    out.push(violation(`${path}.asset`, 'ASSET_ERROR_INVALID_ASSET_ID', 'There is no such asset.', asset.asset));
  }
  return asset.assetByteArray === undefined ? undefined : Buffer.from(asset.assetByteArray, 'base64');
}

export function checkImage(bytes, size, override, path, out) {
  const image = imageOf(bytes);
  if (bytes.length > IMAGE_BYTES_MAX) out.push(violation(path, 'IMAGE_ERROR_FILE_TOO_LARGE', `An image has at most ${IMAGE_BYTES_MAX} bytes.`));
  if (!image) out.push(violation(path, 'IMAGE_ERROR_INVALID_IMAGE', 'The bytes are no image.'));
  else if (!override && (image.width !== size.width || image.height !== size.height)) {
    out.push(
      violation(path, 'IMAGE_ERROR_UNEXPECTED_SIZE', `The image is ${image.width}x${image.height}, the creative ${size.width}x${size.height}.`),
    );
  }
}

function imageAsset(net, creative, details, path, out, old) {
  const asset = details.primaryImageAsset,
    where = `${path}.primaryImageAsset`;
  if (!asset) return;
  if (!asset.fileName && !old) out.push(violation(`${where}.fileName`, 'REQUIRED_ERROR_REQUIRED', 'A required member is missing.'));
  const bytes = bytesOf(net, asset, where, out, old);
  if (bytes && creative.size) checkImage(bytes, creative.size, details.overrideSize, `${where}.assetByteArray`, out);
}

function zipAsset(net, creative, details, path, out, old) {
  if (!details.html5Asset) return;
  const bytes = bytesOf(net, details.html5Asset, `${path}.html5Asset`, out, old),
    end = bytes?.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (!bytes) return;
  if (bytes.length > ZIP_BYTES_MAX)
    out.push(violation(`${path}.html5Asset`, 'HTML_BUNDLE_PROCESSOR_ERROR_FILE_SIZE_TOO_LARGE', 'The bundle is too large.'));
  if (bytes.toString('latin1', 0, 4) !== 'PK\x03\x04' || end < 0)
    out.push(violation(`${path}.html5Asset`, 'HTML_BUNDLE_PROCESSOR_ERROR_CANNOT_EXTRACT_FILES_FROM_BUNDLE', 'The bytes are no zip.'));
  else if (!/\.html?/i.test(bytes.toString('latin1')))
    out.push(violation(`${path}.html5Asset`, 'HTML_BUNDLE_PROCESSOR_ERROR_PRIMARY_HTML_MISSING', 'There is no HTML file in it.'));
}

// Bytes become an asset with an id, a digest for the tests, and are gone.
function stored(net, creative, old) {
  const kind = kindOf(creative),
    out = structuredClone(creative);
  for (const member of ['primaryImageAsset', 'html5Asset']) {
    const asset = out[kind]?.[member];
    if (!asset?.assetByteArray) continue;
    const bytes = Buffer.from(asset.assetByteArray, 'base64');
    out.$bytes = { n: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
    delete asset.assetByteArray;
    const name = net.path('creativeAssets', net.id('creatives'));
    net.assets.add(name);
    Object.assign(asset, { asset: name, fileSize: String(bytes.length), assetUrl: `https://assets.fake/${out.$bytes.sha256.slice(0, 12)}` });
  }
  return { ...(old?.$bytes && { $bytes: old.$bytes }), ...out };
}

export function createCreative(net, creative, now, more = {}) {
  return net.put('creatives', net.id('creatives'), {
    adBadgingEnabled: false,
    ...stored(net, creative),
    ...more,
    $active: true,
    updateTime: new Date(now).toISOString(),
    previewUrl: 'https://preview.fake/',
  });
}

export function updateCreative(net, old, changed, now) {
  const next = stored(net, changed, old);
  Object.keys(old).forEach((k) => delete old[k]);
  Object.assign(old, next, { updateTime: new Date(now).toISOString() });
  return old;
}

export function setCreativesActive(net, rpc, body, now, ctx) {
  const creatives = body.names.map(
    (name, i) => net.creatives.get(name) ?? fail('NOT_FOUND', `names[${i}]`, 'COMMON_ERROR_NOT_FOUND', `There is no ${name}.`),
  );
  for (const c of creatives.slice(0, ctx.items)) {
    c.$active = rpc === 'BatchActivateCreatives';
    [...net.associations.values()]
      .filter((a) => a.creative === c.name && !a.$deleted)
      .forEach((a) => settle(net, net.lineItems.get(a.lineItem), now));
    ctx.effect();
  }
  return {};
}

// ---- associations ----

const sizeKey = (s) => `${s.width}x${s.height}`;

export function checkAssociation(net, a, path, now, old) {
  const out = [],
    item = net.lineItems.get(a.lineItem),
    creative = net.creatives.get(a.creative);
  const say = (member, reason, text) => out.push(violation(member ? `${path}.${member}` : path, reason, text));
  if (!item || item.$deleted) say('lineItem', 'COMMON_ERROR_NOT_FOUND', `There is no ${a.lineItem}.`);
  if (a.creative === undefined) say('creative', 'REQUIRED_ERROR_REQUIRED', 'A required member is missing.');
  else if (!creative) say('creative', 'COMMON_ERROR_NOT_FOUND', `There is no ${a.creative}.`);
  if (!item || item.$deleted || !creative) return out;
  const ERROR = 'LINE_ITEM_CREATIVE_ASSOCIATION_ERROR';
  const there = net.associations.get(nameOf(net, a));
  if (!old && there && !there.$deleted) say('', 'COMMON_ERROR_ALREADY_EXISTS', 'The creative is associated already.');
  if (item.archived) say('lineItem', 'LINE_ITEM_ERROR_UPDATE_ARCHIVED_LINE_ITEM_NOT_ALLOWED', 'The line item is archived.');
  if (creative.advertiser !== net.orders.get(item.order).advertiser)
    say('creative', `${ERROR}_CREATIVE_IN_WRONG_ADVERTISERS_LIBRARY`, 'The creative belongs to another advertiser.');
  const sizes = (a.sizes?.length ? a.sizes : [creative.size]).map(sizeKey),
    wanted = item.creativePlaceholders.map((p) => sizeKey(p.size));
  if (!sizes.every((s) => wanted.includes(s)))
    say(
      a.sizes?.length ? 'sizes' : 'creative',
      `${ERROR}_INVALID_LINEITEM_CREATIVE_PAIRING`,
      `The line item wants ${wanted.join(', ')}, not ${sizes.join(', ')}.`,
    );
  const kind = kindOf(creative);
  if (kind !== 'templateCreative' && VIDEO_KINDS.includes(kind) !== (item.environmentType === 'VIDEO_PLAYER')) {
    say('creative', `${ERROR}_INVALID_LINEITEM_CREATIVE_PAIRING`, `A line item for ${item.environmentType} does not take ${kind}.`);
  }
  if (a.manualCreativeRotationWeight !== undefined && item.creativeRotationType !== 'WEIGHTED')
    say('manualCreativeRotationWeight', `${ERROR}_INVALID_CREATIVE_ROTATION_TYPE_FOR_MANUAL_WEIGHT`, 'The line item does not rotate by weight.');
  if (a.targetingDisplayName && !(item.creativeTargetings ?? []).some((t) => t.creativeTargetingDisplayName === a.targetingDisplayName)) {
    say('targetingDisplayName', 'LINE_ITEM_ERROR_INVALID_CREATIVE_TARGETING_NAME', 'There is no such creative targeting.');
  }
  checkAssociationDates(a, item, now, say, ERROR);
  return out;
}

function checkAssociationDates(a, item, now, say, ERROR) {
  const t = (s) => Date.parse(s),
    start = a.startTime && t(a.startTime),
    end = a.endTime && t(a.endTime);
  if (start !== undefined && start < t(item.startTime))
    say('startTime', `${ERROR}_STARTDATE_BEFORE_LINEITEM_STARTDATE`, 'It starts before the line item.');
  if (end !== undefined && item.targetEndTime && end > t(item.targetEndTime))
    say('endTime', `${ERROR}_ENDDATE_AFTER_LINEITEM_ENDDATE`, 'It ends after the line item.');
  if (start !== undefined && end !== undefined && end <= start) say('endTime', `${ERROR}_ENDDATE_NOT_AFTER_STARTDATE`, 'It ends before it starts.');
  if (end !== undefined && end < now) say('endTime', `${ERROR}_ENDDATE_IN_THE_PAST`, 'It ends in the past.');
}

const last = (name) => name.split('/').at(-1);
export const nameOf = (net, a) => `${a.lineItem}/creatives/${last(a.creative)}`;

export function createAssociation(net, a, now) {
  const name = nameOf(net, a),
    made = { ...a, name, status: 'ACTIVE', updateTime: new Date(now).toISOString(), $deleted: false };
  net.associations.set(name, made);
  settle(net, net.lineItems.get(a.lineItem), now);
  return made;
}

export function actOnAssociations(net, rpc, body, now, ctx) {
  if (body.names.length > 1000) fail('INVALID_ARGUMENT', 'names', 'COLLECTION_SIZE_ERROR_TOO_LARGE', 'At most 1000 associations.');
  const all = body.names.map((name, i) => {
    const a = net.associations.get(name);
    return a && !a.$deleted ? a : fail('NOT_FOUND', `names[${i}]`, 'COMMON_ERROR_NOT_FOUND', `There is no ${name}.`);
  });
  refuse(
    all.flatMap((a, i) =>
      rpc.includes('Activate') && !net.creatives.get(a.creative).$active
        ? [violation(`names[${i}]`, 'LINE_ITEM_CREATIVE_ASSOCIATION_OPERATION_ERROR_CANNOT_ACTIVATE_INVALID_CREATIVE', 'The creative is not active.')]
        : [],
    ),
    'FAILED_PRECONDITION',
  );
  for (const a of all.slice(0, ctx.items)) {
    if (rpc.includes('Delete')) a.$deleted = true;
    else a.status = 'ACTIVE';
    settle(net, net.lineItems.get(a.lineItem), now);
    ctx.effect();
  }
  return {};
}
