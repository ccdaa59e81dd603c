// What another process may do to an agent's database.
import { spawn } from 'node:child_process';
import path from 'node:path';

// Has it to itself until the function that is returned is called.
export async function holdDatabase(data) {
  const script = 'import sqlite3, sys\nc = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)\nc.execute("BEGIN IMMEDIATE")\n' +
    'print("held", flush=True)\nsys.stdin.readline()\nc.execute("ROLLBACK")\n';
  const child = spawn('python3', ['-c', script, path.join(data, 'salesagent.db')], { stdio: ['pipe', 'pipe', 'inherit'] });
  await new Promise((r) => child.stdout.once('data', r));
  return async () => {
    child.stdin.end('\n');
    await new Promise((r) => child.on('exit', r));
  };
}
