// What one commit costs: a row of 500 bytes and a durable COMMIT each, nothing else; as a server would that commits for each
// request. Prints {"rate", "p50Ms", "p99Ms"}.
//   node tests/bench/commits.mjs FILE SECONDS
import { performance } from 'node:perf_hooks';
import { DatabaseSync } from 'node:sqlite';

const [file, seconds] = process.argv.slice(2);
const db = new DatabaseSync(file);
db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE buy (id INTEGER PRIMARY KEY, doc TEXT NOT NULL) STRICT');
const insert = db.prepare('INSERT INTO buy (doc) VALUES (?)'), doc = 'x'.repeat(500), took = [];
const until = performance.now() + Number(seconds) * 1000;
for (let at = performance.now(); at < until;) {
  insert.run(doc); // outside a transaction: committed, and on the disk, when it returns
  const now = performance.now();
  took.push(now - at);
  at = now;
}
db.close();
took.sort((a, b) => a - b);
const at = (p) => took[Math.floor((took.length - 1) * p)];
console.log(JSON.stringify({ rate: took.length / Number(seconds), p50Ms: at(0.5), p99Ms: at(0.99) }));
