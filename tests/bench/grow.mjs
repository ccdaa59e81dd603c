// Makes a folder of an agent hold more media buys by copying those in it, row by row in SQLite: a hundred thousand in seconds,
// where asking for them would take minutes. What is summed (what is booked, what is stored) grows with them.
import { DatabaseSync } from 'node:sqlite';

const COPY = {
  media_buy: { media_buy_id: 'b' },
  package: { media_buy_id: 'b', package_id: 'p' },
  booking: { media_buy_id: 'b' },
  media_buy_history: { media_buy_id: 'b' },
};
// The place of the copies' ids is before all that were made, so that lists begin with what an agent has made itself.
const ID = { b: (c) => `'mb-0' || printf('%07d', k.n) || substr(${c}, 12)`, p: (c) => `'pkg-0' || printf('%07d', k.n) || substr(${c}, 13)` };

// `file` has `have` buys and gets `want`. Returns the seconds that took.
export function grow(file, have, want) {
  const began = Date.now(), times = Math.round(want / have);
  if (times <= 1) return 0;
  const db = new DatabaseSync(file);
  db.exec('PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -400000');
  const triggers = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all();
  db.exec('BEGIN');
  for (const t of triggers) db.exec(`DROP TRIGGER ${t.name}`);
  db.exec(`CREATE TEMP TABLE k (n INTEGER PRIMARY KEY); WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ${times - 1})
    INSERT INTO k SELECT n FROM c`);
  for (const [table, ids] of Object.entries(COPY)) {
    const columns = db.prepare(`SELECT name FROM pragma_table_info('${table}')`).all().map((c) => c.name);
    db.exec(`CREATE TEMP TABLE was AS SELECT * FROM ${table}`);
    db.exec(`INSERT INTO ${table} (${columns}) SELECT ${columns.map((c) => (ids[c] ? ID[ids[c]](`was.${c}`) : `was.${c}`))}
      FROM k CROSS JOIN was; DROP TABLE was`);
  }
  db.exec(`UPDATE product_flight SET impressions = impressions * ${times}; UPDATE stored SET things = things * ${times}, bytes = bytes * ${times}`);
  for (const t of triggers) db.exec(t.sql);
  db.exec('COMMIT; PRAGMA journal_mode = WAL');
  const n = db.prepare('SELECT count(*) AS n FROM media_buy').get().n;
  db.close();
  if (n !== have * times) throw new Error(`${n} media buys, expected ${have * times}`);
  return (Date.now() - began) / 1000;
}
