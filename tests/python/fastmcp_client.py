"""The campaign tutorial's script with the client that it names, fastmcp: its calls as printed (tests/dialects/printed), in its
order, with its poll loop. What is corrected is what a reader has to: the id of the buy is that of the reply, and a result is
an object, not a dict. With SEEDS the printed script itself is run, so corrected and not otherwise."""
import asyncio
import json
import os
import pathlib
import re
import threading

from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport

from lib import TOP, Agent, ends, tap, tried

PRINTED = json.loads((TOP / "tests/dialects/printed/requests.json").read_text())
SCRIPT = next(p["requests"] for p in PRINTED if p["part"] == "its script")


def approve(agent, stop):
    """The publisher's people, at their desk while the script polls."""
    while not stop.wait(0.3):
        for task in agent.cli("task", "list")["tasks"]:
            agent.cli("task", "approve", task["task_id"])


async def play(agent):
    transport = StreamableHttpTransport(agent.mcp + "/", headers={"x-adcp-auth": "test-token"})
    async with Client(transport=transport) as client:
        buy = None
        for step, request in enumerate(SCRIPT, 1):
            arguments = json.loads(json.dumps(request["arguments"]))
            if "media_buy_id" in arguments:
                arguments["media_buy_id"] = buy
            if "media_buy_ids" in arguments:
                arguments["media_buy_ids"] = [buy]
            result = (await client.call_tool(request["tool"], arguments)).structured_content
            if request["tool"] == "create_media_buy":
                buy = result["media_buy"]["id"]
            while request["tool"] == "get_media_buys" and result["media_buys"][0]["status"] not in ("approved", "active", "delivering"):
                assert result["media_buys"][0]["status"] == "pending_activation", result
                await asyncio.sleep(0.2)
                result = (await client.call_tool(request["tool"], arguments)).structured_content
            tap(f"tutorial script, call {step}: {request['tool']}", isinstance(result, dict) and "error" not in result, result)


async def printed_script(agent):
    text = next(pathlib.Path(os.environ["SEEDS"]).glob("1-*.txt")).read_text().split("Complete Python Script", 1)[1]
    text = text[text.index('"""'):text.index("What’s Next")]
    text = text.replace("http://localhost:8000/mcp/", agent.mcp + "/").replace("asyncio.sleep(10)", "asyncio.sleep(0.2)")
    text = text.replace('media_buy_id = "mb-a1b2c3d4-5678-9012-3456-789012345678"', 'media_buy_id = result.structured_content["media_buy"]["id"]')
    text = re.sub(r'result\["media_buys"\]', 'result.structured_content["media_buys"]', text)
    names = {"__name__": "script"}
    exec(compile(text, "campaign_lifecycle.py", "exec"), names)  # noqa: S102
    await names["run_campaign_lifecycle"]()


async def lists(agent):
    async with Client(transport=StreamableHttpTransport(agent.mcp, headers={"x-adcp-auth": "test-token"})) as client:
        tools = {t.name: t for t in await client.list_tools()}
        assert "get_products" in tools and tools["create_media_buy"].input_schema["properties"], tools.keys()


async def main():
    with Agent("--clock", "2026-03-09T14:30:00Z") as agent:
        stop = threading.Event()
        people = threading.Thread(target=approve, args=(agent, stop))
        people.start()
        try:
            await tried("fastmcp lists the tools", lists, agent)
            await tried("fastmcp plays the tutorial's script", play, agent)
            if os.environ.get("SEEDS"):
                await tried("the printed script itself runs", printed_script, agent)
        finally:
            stop.set()
            people.join()


ends(main)
