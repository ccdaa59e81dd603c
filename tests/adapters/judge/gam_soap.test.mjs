// The fake Ad Manager over SOAP: element order, types, what is required, faults, and, where the vendor's schemas are present, their
// word on the same bodies.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { startFake } from '../lib/fake.mjs';
import { GamClient } from '../lib/gam_client.mjs';
import { png } from '../fakes/lib/image.mjs';
import { parse } from '../fakes/gam/soap_xml.mjs';
import { vendors } from '../lib/vendors.mjs';

const NS = 'https://www.google.com/apis/ads/publisher/v202605', xsd = vendors && path.join(vendors, 'gam/soap-v202605');
let gam, client;

before(async () => {
  gam = await startFake('gam', { clock: '2026-03-01T00:00:00Z', settings: { calls_per_s: 0, token_s: 1e8 } });
  client = new GamClient(gam);
  await client.signIn({ scope: 'https://www.googleapis.com/auth/dfp' });
});
after(() => gam.close());

const envelope = (body, { header = '<networkCode>123456</networkCode><applicationName>test</applicationName>', ns = NS } = {}) => `<?xml version="1.0"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Header>${
  header === null ? '' : `<RequestHeader xmlns="${ns}">${header}</RequestHeader>`}</soapenv:Header><soapenv:Body>${body}</soapenv:Body></soapenv:Envelope>`;
const op = (name, inner, ns = NS) => `<${name} xmlns="${ns}">${inner}</${name}>`;

async function call(service, body, options = {}) {
  return client.call('POST', `/apis/ads/publisher/${options.version ?? 'v202605'}/${service}`, undefined, { raw: options.raw ?? envelope(body, options),
    headers: { 'content-type': 'text/xml; charset=utf-8', soapaction: '""', ...options.headers } });
}

const find = (node, name) => (node.name === name ? node : node.children.map((c) => find(c, name)).find(Boolean));
const all = (node, name) => [...(node.name === name ? [node] : []), ...node.children.flatMap((c) => all(c, name))];
const text = (r, name) => find(parse(r.body), name)?.text;

async function ok(answer) {
  const r = await answer;
  assert.equal(r.status, 200, r.body);
  return r;
}
async function faulty(answer, error, field) {
  const r = await answer;
  assert.equal(r.status, 500, r.body);
  assert.equal(find(parse(r.body), 'ApiExceptionFault') !== undefined, true, r.body);
  const errors = all(parse(r.body), 'errors').map((e) => [find(e, 'errorString').text, find(e, 'fieldPath').text]);
  assert.ok(errors.some(([e, f]) => e === error && (field === undefined || f === field)), `${error} @ ${field} is not among ${JSON.stringify(errors)}`);
}
async function invalid(answer, why) {
  const r = await answer;
  assert.equal(r.status, 500, r.body);
  assert.match(text(r, 'faultstring'), /^Unmarshalling Error/);
  assert.match(text(r, 'faultstring'), why);
  assert.equal(find(parse(r.body), 'detail'), undefined);
}

const size = '<size><width>300</width><height>250</height><isAspectRatio>false</isAspectRatio></size>';
const value = (type, name, inner) => `<creativeTemplateVariableValues xsi:type="${type}CreativeTemplateVariableValue"><uniqueName>${name}</uniqueName>${inner}</creativeTemplateVariableValues>`;
const values = [value('String', 'Headline', '<value>Hi &amp; bye</value>'),
  value('Asset', 'Image', `<asset><assetByteArray>${png(120, 60).toString('base64')}</assetByteArray><fileName>a.png</fileName></asset>`),
  value('Url', 'ClickUrl', '<value>https://acme.example/</value>')];
const template = ({ advertiser = '<advertiserId>4510000001</advertiserId>', name = '<name>Native [cr_1/1]</name>', id = '<creativeTemplateId>10004520</creativeTemplateId>', v = values.join(''), dest = '' } = {}) =>
  op('createCreatives', `<creatives xsi:type="TemplateCreative">${advertiser}${name}${size}${id}${dest}${v}</creatives>`);
const video = ({ order = true, duration = '<duration>15000</duration>', asset = '<videoAssets><redirectUrl>https://cdn.example/a.mp4</redirectUrl></videoAssets>', dest = '<destinationUrl>https://acme.example/</destinationUrl>' } = {}) =>
  op('createCreatives', `<creatives xsi:type="VideoRedirectCreative"><advertiserId>4510000001</advertiserId><name>Video [cr_2/1]</name>${size}${order ? dest + duration + asset : asset + duration + dest}</creatives>`);

describe('a SOAP body', () => {
  test('in the right order is taken, and comes back in the right order', async () => {
    const r = await ok(call('CreativeService', template()));
    const made = find(parse(r.body), 'rval');
    assert.equal(made.type.name, 'TemplateCreative');
    assert.ok(Number(find(made, 'id').text) > 2 ** 32);
    assert.equal(find(made, 'assetByteArray'), undefined);
    await ok(call('CreativeService', video()));
  });
  test('out of order, with an unknown or a misplaced element, is refused', async () => {
    await invalid(call('CreativeService', video({ order: false })), /Invalid content was found starting with element 'duration'/);
    await invalid(call('CreativeService', template({ dest: '<destinationURL>x</destinationURL>' })), /'destinationURL'/);
    await invalid(call('CreativeService', op('createCreatives', `<creatives xsi:type="TemplateCreative"><name>n</name><advertiserId>1</advertiserId></creatives>`)), /'advertiserId'/);
    await invalid(call('CreativeService', template({ name: '<name>a</name><name>b</name>' })), /'name'/);
    await invalid(call('CreativeService', op('createCreatives', '<creatives xmlns="urn:other"/>')), /'creatives'/);
    await invalid(call('CreativeService', op('createCreatives', 'text')), /character children/);
  });
  test('of a wrong type, enum or xsi:type is refused', async () => {
    await invalid(call('CreativeService', template({ advertiser: '<advertiserId>acme</advertiserId>' })), /not a valid value for 'long'/);
    await invalid(call('CreativeService', video({ duration: '<duration>9999999999</duration>' })), /not a valid value for 'int'/);
    await invalid(call('CreativeService', video({ dest: '<destinationUrl>https://a.example/</destinationUrl><destinationUrlType>WEB</destinationUrlType>' })), /'WEB'/);
    await invalid(call('CreativeService', op('createCreatives', '<creatives><name>x</name></creatives>')), /abstract/);
    await invalid(call('CreativeService', op('createCreatives', '<creatives xsi:type="Order"><name>x</name></creatives>')), /Cannot resolve|not validly derived/);
    await invalid(call('CreativeService', op('createCreatives', '<creatives xsi:type="TextValue"/>')), /not validly derived/);
    await invalid(call('CreativeService', op('createCreatives', '<creatives xsi:type="TemplateCreative" id="5"/>')), /Attribute 'id'/);
  });
  test('that is no SOAP, of no service or of another namespace is refused', async () => {
    await invalid(call('CreativeService', '', { raw: '<a/>' }), /no SOAP/);
    await invalid(call('CreativeService', '', { raw: 'nonsense' }), /./);
    await invalid(call('CreativeService', '', { raw: '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>' }), /DOCTYPE/);
    await invalid(call('CreativeService', template(), { headers: { 'content-type': 'application/json' } }), /text\/xml/);
    await invalid(call('CreativeService', op('createOrders', '')), /was not recognized/);
    await invalid(call('CreativeService', op('createCreatives', '', NS.replace('v202605', 'v202608'))), /was not recognized/);
    assert.equal((await call('OrderService', op('createOrders', ''))).status, 404); // REST does orders
  });
  test('is judged by the vendor\'s own schema as by this fake', { skip: xsd && existsSync(xsd) ? false : 'the vendor\'s schemas are not present' }, async () => {
    const judge = (inner) => {
      try {
        execFileSync('xmllint', ['--nonet', '--noout', '--schema', path.join(xsd, 'CreativeService.xsd'), '-'], { input: inner.replace('<createCreatives ', '<createCreatives xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '), stdio: ['pipe', 'pipe', 'pipe'] });
        return true;
      } catch (e) {
        if (e.code === 'ENOENT') throw e;
        return false;
      }
    };
    for (const [inner, right] of [[template(), true], [video(), true], [video({ order: false }), false], [template({ advertiser: '<advertiserId>acme</advertiserId>' }), false],
      [op('createCreatives', '<creatives><name>x</name></creatives>'), false]]) {
      assert.equal(judge(inner), right);
      assert.equal(/Unmarshalling/.test((await call('CreativeService', inner)).body), !right);
    }
    // And the fake asks xmllint itself when it is told where the schemas are.
    await gam.set({ xsd });
    await ok(call('CreativeService', template({ name: '<name>Judged twice</name>' })));
    await gam.set({ xsd: '' });
  });
  test('of an answer is valid by the vendor\'s own schema', { skip: xsd && existsSync(xsd) ? false : 'the vendor\'s schemas are not present' }, async () => {
    const asked = [['CreativeService', template({ name: '<name>For the schema</name>' })], ['CreativeService', op('getCreativesByStatement', '<filterStatement><query>LIMIT 10</query></filterStatement>')],
      ['CreativeTemplateService', op('getCreativeTemplatesByStatement', '<filterStatement/>')], ['NetworkService', op('getCurrentNetwork', '')], ['UserService', op('getCurrentUser', '')],
      ['CreativeService', op('createCreatives', '<creatives xsi:type="TemplateCreative"/>')]];
    for (const [service, body] of asked) {
      const { body: said } = await call(service, body), inner = /<(\w+Response|ApiExceptionFault) xmlns[\s\S]*<\/\1>/.exec(said)[0];
      execFileSync('xmllint', ['--nonet', '--noout', '--schema', path.join(xsd, `${service}.xsd`), '-'],
        { input: inner.replace(/^<(\w+) /, '<$1 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '), stdio: ['pipe', 'pipe', 'pipe'] });
    }
  });
});

describe('the SOAP door', () => {
  test('wants a token of its scope, a header, the network, and a version that lives', async () => {
    const network = op('getCurrentNetwork', ''), token = client.token;
    assert.equal(text(await ok(call('NetworkService', network)), 'currencyCode'), 'USD');
    await faulty(call('NetworkService', network, { header: null }), 'AuthenticationError.MISSING_SOAP_REQUEST_HEADER');
    await faulty(call('NetworkService', network, { header: '<applicationName>t</applicationName>' }), 'AuthenticationError.NETWORK_CODE_REQUIRED');
    await faulty(call('NetworkService', network, { header: '<networkCode>9</networkCode><applicationName>t</applicationName>' }), 'AuthenticationError.NETWORK_NOT_FOUND');
    await faulty(call('NetworkService', network, { header: '<networkCode>123456</networkCode>' }), 'RequiredError.REQUIRED', 'applicationName');
    await invalid(call('NetworkService', network, { header: '<applicationName>t</applicationName><networkCode>123456</networkCode>' }), /'networkCode'/);
    await faulty(call('NetworkService', network.replace('v202605', 'v202508'), { version: 'v202508', ns: NS.replace('v202605', 'v202508') }), 'ApiVersionError.UPDATE_TO_NEWER_VERSION', 'version');
    const next = NS.replace('v202605', 'v202608');
    assert.ok((await ok(call('NetworkService', op('getCurrentNetwork', '', next), { version: 'v202608', ns: next }))).body.includes(`xmlns="${next}"`));
    await client.signIn();
    await faulty(call('NetworkService', network), 'AuthenticationError.AUTHENTICATION_FAILED');
    client.token = undefined;
    await faulty(call('NetworkService', network), 'AuthenticationError.MISSING_AUTHENTICATION_HTTP_HEADER');
    client.token = token;
  });
  test('says busy, too many and forbidden as faults', async () => {
    for (const [what, error] of [['unavailable', 'ServerError.SERVER_BUSY'], ['rate_limit', 'QuotaError.EXCEEDED_QUOTA'], ['forbidden', 'PermissionError.PERMISSION_DENIED']]) {
      await gam.fault({ on: 'NetworkService.getCurrentNetwork', do: what });
      await faulty(call('NetworkService', op('getCurrentNetwork', '')), error);
    }
    await gam.assertFaultsUsed();
  });
});

describe('a creative over SOAP', () => {
  for (const [what, body, error, field] of [
    ['without a name', template({ name: '' }), 'RequiredError.REQUIRED', 'creatives[0].name'],
    ['without an advertiser', template({ advertiser: '' }), 'RequiredError.REQUIRED', 'creatives[0].advertiserId'],
    ['of an unknown advertiser', template({ advertiser: '<advertiserId>5</advertiserId>' }), 'CommonError.NOT_FOUND', 'creatives[0].advertiserId'],
    ['of an unknown template', template({ id: '<creativeTemplateId>5</creativeTemplateId>' }), 'CommonError.NOT_FOUND', 'creatives[0].creativeTemplateId'],
    ['without a template', template({ id: '' }), 'RequiredError.REQUIRED', 'creatives[0].creativeTemplateId'],
    ['without a variable that is required', template({ v: values.slice(1).join('') }), 'RequiredError.REQUIRED', 'creatives[0].creativeTemplateVariableValues'],
    ['with an unknown variable', template({ v: values.join('') + value('String', 'Nope', '<value>x</value>') }), 'CommonError.NOT_FOUND', 'creatives[0].creativeTemplateVariableValues[3].uniqueName'],
    ['with a text where an asset belongs', template({ v: values[0] + value('String', 'Image', '<value>x</value>') + values[2] }), 'TypeError.AssetCreativeTemplateVariableValue', 'creatives[0].creativeTemplateVariableValues[1]'],
    ['with a landing page without scheme', template({ v: values.slice(0, 2).join('') + value('Url', 'ClickUrl', '<value>acme</value>') }), 'InvalidUrlError.NO_SCHEME'],
    ['of bytes that are no image', template({ v: values[0] + value('Asset', 'Image', '<asset><assetByteArray>QUJD</assetByteArray></asset>') + values[2] }), 'ImageError.INVALID_IMAGE'],
    ['of video without a duration', video({ duration: '' }), 'RequiredError.REQUIRED', 'creatives[0].duration'],
    ['of video without a landing page', video({ dest: '' }), 'RequiredError.REQUIRED', 'creatives[0].destinationUrl'],
    ['of video without a file', video({ asset: '' }), 'RequiredCollectionError.REQUIRED', 'creatives[0].videoAssets'],
    ['that REST writes', op('createCreatives', `<creatives xsi:type="ThirdPartyCreative"><advertiserId>4510000001</advertiserId><name>x</name>${size}<snippet>x</snippet></creatives>`), 'CreativeError.CANNOT_CREATE_OR_UPDATE_UNSUPPORTED_CREATIVE', 'creatives[0]'],
  ]) {
    test(`${what} is refused`, () => faulty(call('CreativeService', body), error, field));
  }
  test('is found by name or id, changed whole, and seen over REST', async () => {
    await ok(call('CreativeService', template({ name: '<name>Find me [cr_9/1]</name>' })));
    const query = (q, v = '') => call('CreativeService', op('getCreativesByStatement', `<filterStatement><query>${q}</query>${v}</filterStatement>`));
    const bind = '<values><key>name</key><value xsi:type="TextValue"><value>Find me%</value></value></values>';
    const r = await ok(query('WHERE name LIKE :name AND advertiserId = 4510000001 ORDER BY id ASC LIMIT 500 OFFSET 0', bind));
    assert.equal(text(r, 'totalResultSetSize'), '1');
    const id = text(r, 'id');
    await faulty(query('WHERE wealth = 5'), 'PublisherQueryLanguageContextError.UNEXECUTABLE', 'filterStatement.query');
    await faulty(query('WHERE name = :other'), 'PublisherQueryLanguageContextError.UNEXECUTABLE', 'filterStatement.query');
    await faulty(query('HAVING name'), 'PublisherQueryLanguageSyntaxError.UNPARSABLE', 'filterStatement.query');
    const update = template({ name: `<id>${id}</id><name>Changed [cr_9/2]</name>` }).replaceAll('createCreatives', 'updateCreatives');
    await ok(call('CreativeService', update));
    await faulty(call('CreativeService', update.replace(id, '5')), 'CommonError.NOT_FOUND', 'creatives[0].id');
    const seen = (await gam.summary()).creatives.find((c) => c.id === id);
    assert.deepEqual([seen.name, seen.kind], ['Changed [cr_9/2]', 'templateCreative']);
  });
});

test('a forecast is for a line item that does not exist yet', async () => {
  const at = (d) => `<date><year>2026</year><month>4</month><day>${d}</day></date><hour>0</hour><minute>0</minute><second>0</second>`;
  const body = ({ unit = '21700103', targeting = true, goal = '<primaryGoal><goalType>LIFETIME</goalType><unitType>IMPRESSIONS</unitType><units>1000</units></primaryGoal>' } = {}) => op('getAvailabilityForecast',
    `<lineItem><lineItem><startDateTime>${at(1)}</startDateTime><endDateTime>${at(11)}</endDateTime><lineItemType>STANDARD</lineItemType><creativePlaceholders>${size}</creativePlaceholders>${goal}${
      targeting ? `<targeting><inventoryTargeting><targetedAdUnits><adUnitId>${unit}</adUnitId><includeDescendants>false</includeDescendants></targetedAdUnits></inventoryTargeting></targeting>` : ''}</lineItem></lineItem><forecastOptions/>`);
  const r = await ok(call('ForecastService', body()));
  assert.equal(text(r, 'possibleUnits'), '1000000'); // 100,000 a day
  await faulty(call('ForecastService', body({ unit: '5' })), 'CommonError.NOT_FOUND', 'lineItem.lineItem.targeting.inventoryTargeting');
  await faulty(call('ForecastService', body({ targeting: false })), 'RequiredError.REQUIRED', 'lineItem.lineItem.targeting.inventoryTargeting');
  await faulty(call('ForecastService', body({ goal: '' })), 'RequiredError.REQUIRED', 'lineItem.lineItem.primaryGoal');
});
