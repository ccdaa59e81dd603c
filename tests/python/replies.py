"""Every kind of reply that the corpus brings, in every line and through three doors, as the validator of the official Python
package judges it: another implementation of JSON Schema than the ones that the other suites ask, over its own copies."""
import collections
import json
import os
import subprocess
import sys

from adcp.validation.schema_validator import validate_response

from lib import BINARY, TOP, tap

RECORD = '. scripts/lib.sh; use_node; exec node tests/python/record.mjs'


def recorded():
    """What the agent answered: a list of {line, door, tool, reply}."""
    done = subprocess.run(["bash", "-c", RECORD], cwd=TOP, capture_output=True, text=True, env={**os.environ, "SALESAGENT": BINARY})
    if done.returncode:
        raise RuntimeError(f"the corpus was not played: {done.stderr[-3000:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def closed_by_mistake(r):
    """AdCP 3.0 says of the controller's list of scenarios that unknown words must be accepted, and closes it by an enum."""
    if (r["line"], r["tool"]) == ("3.0", "comply_test_controller"):
        r["reply"]["scenarios"] = [s for s in r["reply"].get("scenarios", []) if s == "force_creative_status"]
        if not r["reply"]["scenarios"]:
            del r["reply"]["scenarios"]


def main():
    judged, wrong, unknown = collections.Counter(), {}, collections.Counter()
    for r in recorded():
        at = (r["line"], r["tool"])
        closed_by_mistake(r)
        outcome = validate_response(r["tool"], r["reply"], version=r["line"])
        if outcome.variant == "skipped" or any(i.keyword == "schema_unavailable" for i in outcome.issues):
            unknown[at] += 1
            continue
        judged[at] += 1
        if not outcome.valid:
            said = "; ".join(f"{i.pointer} {i.message} {i.schema_path}" for i in outcome.issues[:4])
            wrong.setdefault(at, f"{r['door']}: {said} <- {json.dumps(r['reply'])[:800]}")
    for at in sorted(judged):
        tap(f"AdCP {at[0]}, {at[1]}: {judged[at]} replies are valid", at not in wrong, wrong.get(at, ""))
    for line in ("3.0", "3.1", "3.2"):
        tap(f"AdCP {line}: the package has schemas of what is served", sum(at[0] == line for at in judged) > 35, judged)
    bent = validate_response("get_products", {"products": [{"name": 1}], "adcp_version": "3.2"}, version="3.2")
    tap("a reply that is none is refused", not bent.valid, bent)
    for (line, tool), n in sorted(unknown.items()):
        print(f"# AdCP {line}, {tool}: {n} not judged, the package has no schema")
    sys.exit(1 if wrong else 0)


main()
