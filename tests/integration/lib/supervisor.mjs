// A service under supervisor.py: commands in, events out.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';

export class Supervisor {
  static async begin({ sockets = [], credentials = {}, watchdog, command, env = {} }) {
    const s = new Supervisor();
    const args = [...sockets.flatMap((x) => ['--socket', x]), ...Object.entries(credentials).flatMap(([k, v]) => ['--credential', `${k}=${v}`]),
      ...(watchdog ? ['--watchdog', String(watchdog)] : []), '--', ...command];
    s.child = spawn('python3', [path.join(import.meta.dirname, 'supervisor.py'), ...args], { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    s.events = [];
    s.waiters = [];
    s.stderr = '';
    s.child.stderr.on('data', (d) => { s.stderr += d; });
    createInterface({ input: s.child.stdout }).on('line', (line) => {
      s.events.push(JSON.parse(line));
      s.waiters = s.waiters.filter((w) => !w());
    });
    s.over = new Promise((r) => s.child.on('exit', (code) => r(code)));
    s.ports = (await s.event((e) => e.event === 'listening')).ports;
    return s;
  }

  tell(word) { this.child.stdin.write(`${word}\n`); }

  // The first event from `from` on that `is` accepts.
  event(is, from = 0, patience = 60000) {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.events.slice(from).find(is);
        if (found) { clearTimeout(timer); resolve(found); }
        return Boolean(found);
      };
      const timer = setTimeout(() => reject(new Error(`no such event: ${JSON.stringify(this.events.slice(from))}\n${this.stderr}`)), patience);
      if (!look()) this.waiters.push(look);
    });
  }

  // Tells it, and waits for what follows.
  async tellUntil(word, is) {
    const from = this.events.length;
    this.tell(word);
    return this.event(is, from);
  }

  async quit() {
    this.child.stdin.end('quit\n');
    return this.over;
  }
}

export const exited = (e) => e.event === 'exited';
export const started = (e) => e.event === 'started';
export const says = (key, value) => (e) => e.event === 'notify' && (value === undefined ? key in e : e[key] === value);
