// Formats, properties and slots at the desk: made, changed, refused; as buyers then have them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { json, start } from './lib/desk.mjs';

let agent, sessions, ada;
before(async () => {
  ({ agent, sessions } = await start());
  ada = sessions.administrator;
});
after(() => agent.stop());

// What a form holds: the values of its fields by name, as a browser would send them untouched.
function fieldsOf(html, action) {
  const form = html.split(`action="${action}"`)[1].split('</form>')[0], out = {};
  const text = (s) => s.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&#39;', "'").replaceAll('&amp;', '&');
  for (const [, tag] of form.matchAll(/<input ([^>]*)>/g)) {
    const name = tag.match(/name="([^"]*)"/)?.[1], value = tag.match(/value="([^"]*)"/)?.[1] ?? '';
    if (!name || name === 'token' || (/type="checkbox"/.test(tag) && !/ checked/.test(tag))) continue;
    (out[name] ??= []).push(text(value));
  }
  for (const [, name, inner] of form.matchAll(/<textarea [^>]*name="([^"]*)"[^>]*>([^]*?)<\/textarea>/g)) out[name] = text(inner);
  for (const [, name, inner] of form.matchAll(/<select [^>]*name="([^"]*)"[^>]*>([^]*?)<\/select>/g)) out[name] = text(inner.match(/<option value="([^"]*)" selected/)?.[1] ?? inner.match(/value="([^"]*)"/)?.[1] ?? '');
  return out;
}

test('a banner format is made of a size, and a buyer has it', async () => {
  const r = await ada.post('/admin/formats', { format_id: 'half-page', format_name: 'Half page', size: '300x600', own_size: '' });
  assert.equal(r.headers.get('location'), '/admin/formats/half-page?said=added', r.text);
  const own = await ada.post('/admin/formats', { format_id: 'odd-one', format_name: '', size: '300x600', own_size: '480x120' });
  assert.equal(own.status, 303, own.text);
  const { formats } = (await ada.view('/admin/formats')).formats;
  assert.deepEqual(formats.filter((f) => ['half-page', 'odd-one'].includes(f.format_id)).map((f) => [f.width, f.height]), [[300, 600], [480, 120]]);
  assert.match(JSON.stringify((await agent.call('list_creative_formats', {})).body), /half-page/);
  const bad = await ada.post('/admin/formats', { format_id: 'bad', own_size: 'wide' });
  assert.equal(bad.status, 422);
  assert.match(bad.text, /value="bad"/);
});

test('a format\'s form that nobody touched changes nothing; one with a new name that alone; a wrong one is kept and refused', async () => {
  const where = '/admin/formats/fmt-display-300x250';
  const before = (await ada.view(where)).found.format;
  const fields = fieldsOf((await ada.get(where)).text, where);
  assert.equal((await ada.post(where, fields)).headers.get('location'), `${where}?said=changed`);
  assert.deepEqual((await ada.view(where)).found.format, before);
  const name = 'f.name';
  assert.equal((await ada.post(where, { ...fields, [name]: 'Rectangle' })).status, 303);
  assert.deepEqual((await ada.view(where)).found.format, { ...before, name: 'Rectangle' });
  const assets = 'f.assets';
  const refused = await ada.post(where, { ...fields, [assets]: '[1]' });
  assert.equal(refused.status, 422);
  assert.match(refused.text, /\[1\]<\/textarea>/);
  assert.deepEqual((await ada.view(where)).found.format, { ...before, name: 'Rectangle' });
  assert.equal((await ada.get('/admin/formats/none')).status, 404);
});

test('a website is made of a domain, and its name is changed', async () => {
  const r = await ada.post('/admin/properties', { property_id: 'news', property_name: '', domain: 'news.example' });
  assert.equal(r.headers.get('location'), '/admin/properties/news?said=added', r.text);
  const where = '/admin/properties/news', { property } = (await ada.view(where)).found;
  assert.deepEqual(property.identifiers, [{ type: 'domain', value: 'news.example' }]);
  const fields = fieldsOf((await ada.get(where)).text, where), name = 'f.name';
  assert.equal((await ada.post(where, { ...fields, [name]: 'The News' })).status, 303);
  assert.deepEqual((await ada.view(where)).found.property, { ...property, name: 'The News' });
  assert.equal((await ada.post('/admin/properties', { property_id: 'bare' })).status, 422);
});

test('a slot is made, changed and removed', async () => {
  const made = { slot_id: 'top-1', property_id: 'prop-001', name: 'Top', medium: 'display', sizes: '728x90, 970x250', section: 'news', description: 'Above', max_duration_seconds: '', scripts: 'yes' };
  const r = await ada.post('/admin/slots', made);
  assert.equal(r.headers.get('location'), '/admin/slots?said=set', r.text);
  const where = '/admin/slots/top-1', fields = fieldsOf((await ada.get(where)).text, where);
  assert.equal(fields.sizes[0], '728x90, 970x250');
  assert.equal((await ada.post(where, { ...fields, name: 'Very top', sizes: '970x250' })).status, 303);
  const { slot } = await ada.view(where);
  assert.deepEqual([slot.name, slot.sizes, slot.section, slot.scripts], ['Very top', ['970x250'], 'news', true]);
  const bad = await ada.post(where, { ...fields, sizes: 'wide' });
  assert.equal(bad.status, 422);
  assert.match(bad.text, /value="wide"/);
  assert.equal((await ada.get('/admin/slots/none')).status, 404);
  assert.equal((await ada.post(`${where}/remove`, {})).headers.get('location'), '/admin/slots?said=removed');
  assert.equal((await json(agent, 'slot', 'list')).slots.some((s) => s.slot_id === 'top-1'), false);
  assert.equal((await sessions.viewer.get('/admin/slots')).status, 200);
  assert.ok(!(await sessions.viewer.get('/admin/slots')).text.includes('A new slot'));
});
