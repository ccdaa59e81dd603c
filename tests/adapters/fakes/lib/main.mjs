// The command line of a fake ad server that runs alone.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Fake } from './server.mjs';

export async function main({ name, title, make, settings }) {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      host: { type: 'string', default: '127.0.0.1' },
      log: { type: 'string' },
      clock: { type: 'string' },
      set: { type: 'string', multiple: true, default: [] },
      credentials: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(`Usage: node tests/adapters/fakes/${name}.mjs [OPTION...]

${title}. Serves until it is stopped; its state is in memory.
  --port N             0 lets the system choose; the port is printed
  --host ADDRESS       default 127.0.0.1
  --log FILE           each request and its answer as a line of JSON; secrets masked
  --clock TIME         where its clock starts (RFC 3339); it runs on from there, see POST /_debug/clock
  --credentials FILE   writes what a client needs to sign in
  --set NAME=JSON      a setting, several times; also POST /_debug/settings while it runs:
${Object.entries(settings)
  .map(([k, [v, text]]) => `      ${`${k}=${JSON.stringify(v)}`.padEnd(36)} ${text}`)
  .join('\n')}

Scenarios are scripted at /_debug/...: tests/adapters/README.md.`);
    return;
  }
  const clock = values.clock === undefined ? undefined : Date.parse(values.clock);
  if (Number.isNaN(clock)) throw new Error(`--clock wants an RFC 3339 time, not '${values.clock}'`);
  const set = Object.fromEntries(
    values.set.map((text) => {
      const at = text.indexOf('='),
        key = text.slice(0, at);
      if (at < 0 || !(key in settings)) throw new Error(`--set ${text}: there are ${Object.keys(settings).join(', ')}`);
      return [key, JSON.parse(text.slice(at + 1))];
    }),
  );
  const fake = await Fake.start(make, { port: Number(values.port), host: values.host, log: values.log, clock, settings: set });
  if (values.credentials) writeFileSync(values.credentials, JSON.stringify(fake.vendor.credentials(), null, 2), { mode: 0o600 });
  console.log(`${name} fake on ${fake.base}  port ${fake.port}`);
  const stop = () => {
    fake.close().then(
      () => process.exit(0),
      (e) => {
        console.error(e);
        process.exit(1);
      },
    );
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

// Settings with their defaults, the given ones on top; an unknown one is an error.
export function settled(settings, given) {
  const unknown = Object.keys(given).filter((k) => !(k in settings));
  if (unknown.length) throw new TypeError(`there is no setting ${unknown}; there are ${Object.keys(settings).join(', ')}`);
  return { ...Object.fromEntries(Object.entries(settings).map(([k, [v]]) => [k, v])), ...given };
}
