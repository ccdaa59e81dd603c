// Where the published schemas of each line are whose tables are committed. Those of 3.0 come with the reference SDK, those of
// the newer lines with the Python package `adcp`, which scripts/setup --test installs among the tools (scripts/requirements.txt).
// A folder that is not there, or holds another release than the tables say, is null: then nothing is compared with it.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

const top = path.resolve(import.meta.dirname, '../..');
const toolsDir = () => execFileSync('bash', ['-c', '. scripts/lib.sh; tools_dir'], { cwd: top }).toString().trim();

// ADCP_SCHEMAS: the folder that holds 3.1, 3.2, ...
function pythonPackage() {
  if (process.env.ADCP_SCHEMAS) return process.env.ADCP_SCHEMAS;
  const lib = path.join(toolsDir(), 'lib');
  const python = existsSync(lib) ? readdirSync(lib).find((name) => name.startsWith('python3')) : undefined;
  return python ? path.join(lib, python, 'site-packages/adcp/_schemas') : undefined;
}

const tables = readFileSync(path.join(top, 'src/contract/generated/tables_generated.c'), 'utf8');
// { '3.0': '3.0.6', ... }, oldest first: enum adcp_line is the index.
export const releases = Object.fromEntries([...tables.slice(0, 1000).matchAll(/^\{"(\d+\.\d+)","([^"]+)",/gm)].map((m) => [m[1], m[2]]));
export const lines = Object.keys(releases);
export const newest = lines.at(-1);

function folderOf(line) {
  const places = [path.join(top, 'tests/node_modules/@adcp/sdk/dist/lib/schemas-data', line), path.join(pythonPackage() ?? '', line)];
  return places.find((place) => existsSync(path.join(place, 'manifest.json'))
    && JSON.parse(readFileSync(path.join(place, 'manifest.json'), 'utf8')).adcp_version === releases[line]) ?? null;
}

export const published = Object.fromEntries(lines.map((line) => [line, folderOf(line)]));
export const notAtHand = (line) => `the schemas of AdCP ${releases[line]} are not at hand (scripts/setup --test, or ADCP_SCHEMAS): not compared`;

// The identifier of a document: its own, or, as the Python package has none, the one that the others refer to it by. null: it
// carries the identifier of another file, whose copy it is.
export function idOf(folder, name, schema) {
  if (typeof schema.$id === 'string') return schema.$id.endsWith(`/${name}`) ? schema.$id : null;
  return `https://adcontextprotocol.org/schemas/${JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8')).adcp_version}/${name}`;
}
