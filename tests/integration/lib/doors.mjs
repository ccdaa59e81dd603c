// The same call through every door, and the outcome as it is once the door's own wrapping is taken off:
// { kind: 'ok' | 'failed' | 'unauthenticated' | 'unknown', payload }.
import assert from 'node:assert/strict';

// The test controller's {success: false, error: "CODE"} is an answer, not a failed operation.
const failed = (payload) => Boolean(payload.adcp_error) || payload.status === 'failed'
  || (typeof payload.error === 'object' && payload.error !== null);
const outcome = (payload) => ({ kind: failed(payload) ? 'failed' : 'ok', payload });
const refused = (r) => {
  assert.match(r.headers.get('www-authenticate') ?? '', /^Bearer/);
  return 'unauthenticated';
};

async function mcp(agent, tool, args, options) {
  const r = await agent.call(tool, args, options);
  if (r.status === 401) return { kind: refused(r), payload: r.body.error.data };
  assert.equal(r.status, 200);
  if (r.body.error) {
    assert.equal(r.body.error.code, -32602);
    return { kind: 'unknown', payload: r.body.error.data };
  }
  const { structuredContent, isError, content } = r.body.result;
  assert.deepEqual(JSON.parse(content[0].text), structuredContent);
  assert.equal(Boolean(isError), failed(structuredContent), JSON.stringify(structuredContent));
  return outcome(structuredContent);
}

async function rest(agent, tool, args, options) {
  const r = await agent.post(`/adcp/${encodeURIComponent(tool)}`, args, options);
  if (r.status === 401) return { kind: refused(r), payload: r.body };
  // AdCP's own mount answers every call whose caller it knows with 200.
  if (/There is no tool/.test(r.body.adcp_error?.message ?? r.body.error?.message)) return { kind: 'unknown', payload: r.body };
  assert.equal(r.status, r.body.adcp_error?.code === 'SERVICE_UNAVAILABLE' ? 503 : 200);
  return outcome(r.body);
}

// The same by HTTP's own means: a status code, and problem details around the error. RFC 9457 takes `status` for itself,
// so that the task status of a failure is not in this body (the media type says it).
async function api(agent, tool, args, options) {
  const r = await agent.post(`/api/v1/${encodeURIComponent(tool)}`, args, options);
  if (r.status === 401) return { kind: refused(r), payload: problem(r) };
  if (r.status === 404 && /There is no tool/.test(r.body.detail)) return { kind: 'unknown', payload: problem(r) };
  if (r.status < 400) {
    assert.ok(r.status === 200 || (r.status === 202 && r.body.status === 'submitted'), `${r.status}`);
    return outcome(r.body);
  }
  return { kind: 'failed', payload: problem(r) };
}

function problem(r) {
  assert.equal(r.headers.get('content-type'), 'application/problem+json');
  const { title, detail, status, ...payload } = r.body;
  assert.equal(status, r.status);
  assert.ok(title && detail !== undefined);
  return payload;
}

let messages = 0;
const message = (v1, tool, args) => ({ message: { messageId: `m-${++messages}`, ...(v1
  ? { role: 'ROLE_USER', parts: [{ data: { skill: tool, input: args } }] }
  : { kind: 'message', role: 'user', parts: [{ kind: 'data', data: { skill: tool, parameters: args } }] }) } });

async function a2a(v1, agent, tool, args, { token, headers } = {}) {
  const id = v1 ? ++messages : `id-${++messages}`;
  const r = await agent.post('/a2a', { jsonrpc: '2.0', id, method: v1 ? 'SendMessage' : 'message/send',
    params: message(v1, tool, args) }, { token, headers: { ...(v1 ? { 'a2a-version': '1.0' } : {}), ...headers } });
  assert.deepEqual(r.body.id, id);
  if (r.status === 401) return { kind: refused(r), payload: r.body.error.data };
  assert.equal(r.status, 200);
  if (r.body.error) {
    assert.equal(r.body.error.code, -32602);
    return { kind: 'unknown', payload: null };
  }
  const task = v1 ? r.body.result.task : r.body.result;
  const data = task.artifacts.at(-1).parts.filter((p) => p.data);
  assert.equal(data.length, 1);
  const got = outcome(data[0].data);
  const state = v1 ? { ok: 'TASK_STATE_COMPLETED', failed: 'TASK_STATE_FAILED' }[got.kind] : 'completed';
  assert.equal(task.status.state, state);
  return got;
}

export const doors = {
  mcp,
  rest,
  'rest api': api,
  'a2a 0.3': (...a) => a2a(false, ...a),
  'a2a 1.0': (...a) => a2a(true, ...a),
};

// Two agents make up different ids and do things a moment apart: each id of ours becomes its number of appearance, each
// time a mark. What else differs is a difference.
export function normalizer() {
  const ids = new Map();
  const text = (s) => s
    .replace(/\b([a-z][a-z0-9]*)-([0-9a-hjkmnp-tv-z]{26})\b/g, (_, prefix, body) => {
      if (!ids.has(body)) ids.set(body, ids.size + 1);
      return `${prefix}-#${ids.get(body)}`;
    })
    .replace(/\bw3-[0-9a-f]+\b/g, '<feed version>') // made of the time of the import
    .replace(/\b127\.0\.0\.1:\d+/g, '<agent>')
    .replace(/\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z/g, '<time>');
  const walk = (v, key) => {
    if (typeof v === 'string') return key === 'cursor' || key === 'auth_token' ? '<opaque>' : text(v);
    if (Array.isArray(v)) return v.map((x) => walk(x));
    if (v && typeof v === 'object') return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, walk(x, k)]));
    return v;
  };
  return walk;
}
