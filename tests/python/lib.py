"""An agent as scripts/run starts it, on a free port with data of its own, and TAP lines for what is found."""
import asyncio
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback

TOP = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("SALESAGENT", str(TOP / "build-test/salesagent"))


class Agent:
    def __init__(self, *args):
        self.data = tempfile.mkdtemp(prefix="salesagent-python-")
        self.log = tempfile.TemporaryFile(mode="w+")
        self.child = subprocess.Popen([BINARY, "serve", "--sandbox", "--listen", "127.0.0.1:0", "--data", self.data, *args],
                                      stdout=subprocess.PIPE, stderr=self.log, text=True)
        for line in self.child.stdout:
            m = re.search(r"MCP\s+(https?:\S+)", line)
            if m:
                self.mcp = m.group(1)
                self.base = self.mcp.removesuffix("/mcp")
                return
        raise RuntimeError("the agent does not serve: " + self.said())

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def cli(self, *args):
        return json.loads(subprocess.run([BINARY, *args, "--json", "--data", self.data], capture_output=True, text=True,
                                         check=True).stdout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.send_signal(signal.SIGTERM)
        code = self.child.wait(30)
        shutil.rmtree(self.data, ignore_errors=True)
        if code:  # a sanitizer's report makes it non-zero
            raise RuntimeError(f"the agent ended with {code}:\n{self.said()}")


failures = 0


def tap(name, good, why=""):
    global failures
    failures += not good
    print(f"{'ok' if good else 'not ok'} - {name.replace('#', ' ')}", flush=True)
    if not good:
        print("# " + str(why)[:1500].replace("\n", "\n# "), flush=True)


async def tried(name, test, *args):
    try:
        await test(*args)
    except Exception:  # noqa: BLE001: whatever it is, it is the finding
        tap(name, False, traceback.format_exc())
    else:
        tap(name, True)


def ends(main):
    asyncio.run(main())
    sys.exit(1 if failures else 0)
