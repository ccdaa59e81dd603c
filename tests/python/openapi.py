"""schemathesis against the document that /api/v1/openapi.json is: no 5xx, no status that is not documented, replies of the
documented type and shape. As "adcp-token" of the sandbox that scripts/run starts; the same requests at each run. It cannot make
requests up for every schema of AdCP: those operations are listed below, so that one more is noticed."""
import asyncio
import pathlib
import re
import subprocess
import sys
import tempfile

from lib import Agent, ends, tap

SECONDS = 90
BEYOND_IT = 20  # operations (of 59) for which schemathesis says that it cannot generate data: their schemas refer to themselves or contradict its guesses
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


async def main():
    program = pathlib.Path(sys.executable).with_name("schemathesis")
    with Agent() as agent, tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            [program, "run", agent.base + "/api/v1/openapi.json", "-H", "x-adcp-auth: adcp-token", "-H", "Authorization: Bearer adcp-token",
             "--checks", CHECKS, "--phases", "fuzzing", "--max-examples", "4", "--max-time", str(SECONDS), "--seed", "1", "--no-shrink", "--no-color",
             "--generation-database", "none", "--suppress-health-check", "all", "--continue-on-failure", "--max-failures", "20"],
            cwd=folder, capture_output=True, text=True)
        made = re.search(r"(\d+) generated", run.stdout)
        tested = re.search(r"Tested: (\d+)", run.stdout)
        beyond = set(re.findall(r"^_+ (\S+ \S+) _+\nSchema Error", run.stdout, re.M))
        answered = re.search(r"returned only 401/403", run.stdout)
        tap("schemathesis tests every operation", tested is not None and int(tested.group(1)) + len(beyond) >= 59, run.stdout[-1500:] + run.stderr)
        tap("no more operations than known are beyond it", len(beyond) <= BEYOND_IT, sorted(beyond))
        tap("schemathesis makes hundreds of requests, with a credential", made is not None and int(made.group(1)) > 200 and not answered, run.stdout[-1500:])
        tap("no 5xx, no undocumented status, replies match", made is not None and "\nFailures:" not in run.stdout, run.stdout[-4000:])


ends(main)
