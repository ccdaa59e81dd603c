"""schemathesis against the document that /api/v1/openapi.json is: no 5xx, no status that is not documented, replies of the
documented type and shape. Half a minute of it, as "adcp-token" of the sandbox that scripts/run starts; the same requests at
each run."""
import asyncio
import pathlib
import re
import subprocess
import sys
import tempfile

from lib import Agent, ends, tap

SECONDS = 30
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


async def main():
    program = pathlib.Path(sys.executable).with_name("schemathesis")
    with Agent() as agent, tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            [program, "run", agent.base + "/api/v1/openapi.json", "-H", "x-adcp-auth: adcp-token", "--checks", CHECKS,
             "--phases", "examples,coverage,fuzzing", "--max-time", str(SECONDS), "--seed", "1", "--no-shrink", "--no-color",
             "--generation-database", "none", "--suppress-health-check", "all", "--continue-on-failure", "--max-failures", "20"],
            cwd=folder, capture_output=True, text=True)
        made = re.search(r"(\d+) generated", run.stdout)
        tested = re.search(r"Tested: (\d+)", run.stdout)
        tap("schemathesis tests every operation", tested is not None and int(tested.group(1)) >= 50, run.stdout[-1500:] + run.stderr)
        tap("schemathesis makes hundreds of requests", made is not None and int(made.group(1)) > 200, run.stdout[-1500:])
        tap("no 5xx, no undocumented status, replies match", run.returncode == 0, run.stdout[-4000:])


ends(main)
