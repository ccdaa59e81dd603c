#!/usr/bin/env python3
"""Plays the service manager's part for one service, as far as systemd's documents say what a service may rely on.

Usage: supervisor.py [--socket NAMES=PORT]... [--credential NAME=FILE]... [--watchdog SECONDS] -- COMMAND...

Binds a listening socket on 127.0.0.1 for each --socket (port 0: the system chooses) and keeps it open all the time. Each
start of COMMAND gets them as descriptors 3, 4, ... with LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES, and NOTIFY_SOCKET,
WATCHDOG_USEC and CREDENTIALS_DIRECTORY where there is something to say. Obeys one command a line on standard input:

  start      starts it
  stop       SIGTERM, then waits for its end
  restart    both
  reload     SIGHUP
  kill       SIGKILL; a service that ended on its own is started again (Restart=always)
  quit       stops it and ends

and tells what happens, one JSON object a line: {"event": "listening", "ports": [...]}, "started", "notify" with the
assignments of the message, "exited" with code or signal, "watchdog" when the service was silent for too long (it is then
ended by SIGABRT, as systemd does). What the service itself prints goes to standard error.
"""
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time


def say(event, **facts):
    print(json.dumps({'event': event, **facts}), flush=True)


class Service:
    def __init__(self, args):
        self.names, self.sockets, self.watchdog, self.command = [], [], None, None
        self.folder = tempfile.mkdtemp(prefix='supervisor-')
        self.credentials = None
        self.parse(args)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self.notify.bind(os.path.join(self.folder, 'notify'))
        self.process = None
        self.wanted = False  # it should be running: an end of its own is followed by a start
        self.alive_at = None

    def parse(self, args):
        args = list(args)
        while args:
            arg = args.pop(0)
            if arg == '--socket':
                names, port = args.pop(0).rsplit('=', 1)
                s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.bind(('127.0.0.1', int(port)))
                s.listen(1024)
                self.names.append(names)
                self.sockets.append(s)
            elif arg == '--credential':
                name, path = args.pop(0).split('=', 1)
                self.credentials = os.path.join(self.folder, 'credentials')
                os.makedirs(self.credentials, mode=0o700, exist_ok=True)
                shutil.copyfile(path, os.path.join(self.credentials, name))
            elif arg == '--watchdog':
                self.watchdog = float(args.pop(0))
            elif arg == '--':
                self.command, args = args, []
            else:
                sys.exit('supervisor: unknown argument %s' % arg)

    def environment(self):
        env = dict(os.environ, NOTIFY_SOCKET=os.path.join(self.folder, 'notify'))
        if self.watchdog:
            env['WATCHDOG_USEC'] = str(int(self.watchdog * 1000000))
        if self.credentials:
            env['CREDENTIALS_DIRECTORY'] = self.credentials
        if self.sockets:
            env['LISTEN_FDS'] = str(len(self.sockets))
            env['LISTEN_FDNAMES'] = ':'.join(self.names)
        return env

    def start(self):
        # The shell becomes the service, so that LISTEN_PID, WATCHDOG_PID and the descriptors are its own.
        moves = ' '.join('%d<&%d' % (3 + i, 100 + i) for i in range(len(self.sockets)))
        close = ' '.join('%d<&-' % (100 + i) for i in range(len(self.sockets)))
        script = 'LISTEN_PID=$$ WATCHDOG_PID=$$ exec "$0" "$@" %s %s' % (moves, close)
        for i, s in enumerate(self.sockets):
            os.dup2(s.fileno(), 100 + i, inheritable=True)
        self.process = subprocess.Popen(['bash', '-c', script, *self.command], env=self.environment(), stdin=subprocess.DEVNULL,
                                        stdout=sys.stderr, pass_fds=[100 + i for i in range(len(self.sockets))])
        self.wanted = True
        self.alive_at = time.monotonic()
        say('started', pid=self.process.pid)

    def signal(self, number):
        if self.process:
            self.process.send_signal(number)

    def stop(self):
        self.wanted = False
        if self.process:
            self.signal(signal.SIGTERM)
            self.reap(wait=True)

    def reap(self, wait=False):
        if not self.process:
            return
        while self.process.poll() is None:
            if not wait:
                return
            self.hear(0.05)
        code = self.process.returncode
        self.process = None
        self.hear(0)
        say('exited', **({'code': code} if code >= 0 else {'signal': signal.Signals(-code).name}))

    def hear(self, patience):
        """What the service says; at most `patience` seconds for the first word."""
        selector = selectors.DefaultSelector()
        selector.register(self.notify, selectors.EVENT_READ)
        while selector.select(patience):
            patience = 0
            message = self.notify.recv(4096).decode()
            said = dict(line.split('=', 1) for line in message.split('\n') if '=' in line)
            if 'WATCHDOG' in said or 'READY' in said:
                self.alive_at = time.monotonic()
            say('notify', **said)

    def look(self):
        self.reap()
        if self.process and self.watchdog and time.monotonic() - self.alive_at > self.watchdog:
            say('watchdog')
            self.signal(signal.SIGABRT)
            self.reap(wait=True)
        if self.wanted and not self.process:
            self.start()


def main(args):
    if args and args[0] in ('-h', '--help'):
        print(__doc__)
        return
    service = Service(args)
    say('listening', ports=[s.getsockname()[1] for s in service.sockets])
    selector = selectors.DefaultSelector()
    selector.register(service.notify, selectors.EVENT_READ)
    selector.register(sys.stdin, selectors.EVENT_READ)
    os.set_blocking(sys.stdin.fileno(), False)
    rest = b''
    actions = {'start': service.start, 'stop': service.stop, 'reload': lambda: service.signal(signal.SIGHUP),
               'restart': lambda: (service.stop(), service.start()), 'kill': lambda: service.signal(signal.SIGKILL)}
    try:
        while True:
            for key, _ in selector.select(0.05):
                if key.fileobj is service.notify:
                    service.hear(0)
                    continue
                chunk = os.read(sys.stdin.fileno(), 4096)
                if not chunk:
                    return
                *lines, rest = (rest + chunk).split(b'\n')
                for line in lines:
                    word = line.decode().strip()
                    if word == 'quit':
                        return
                    actions[word]()
            service.look()
    finally:
        service.stop()
        shutil.rmtree(service.folder)


if __name__ == '__main__':
    main(sys.argv[1:])
