"""The conversation of a Python MCP client with the agent whose MCP URL is the argument; ends with an exception where
the agent answers something such a client cannot take."""
import asyncio
import sys

from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport


def check(truth, what):
    if not truth:
        raise SystemExit(f"failed: {what}")


async def refused(client, name, arguments, words):
    try:
        await client.call_tool(name, arguments)
    except RuntimeError as e:
        check(words in str(e), f"{name}: {e}")
        return
    check(False, f"{name} was not refused")


async def main(url):
    async with Client(StreamableHttpTransport(url, headers={"X-Adcp-Auth": "test-token"})) as client:
        check(await client.ping(), "ping")
        tools = await client.list_tools()
        check(len({t.name for t in tools}) == len(tools) > 20, "tools/list")
        check(all(t.inputSchema["type"] == "object" for t in tools), "input schemas")
        reply = await client.call_tool("get_products", {"adcp_version": "3.1", "buying_mode": "wholesale"})
        check(reply.structured_content["products"], "get_products")
        await refused(client, "get_products", {"adcp_version": "3.1", "buying_mode": "no such"}, "INVALID_REQUEST")
        await refused(client, "no_such_tool", {}, "Unknown tool")
        check(client.probe("GET") == 405, "a GET for a stream is refused, so that clients go on without")
        check(client.probe("DELETE") == 405, "there is no session to end")
        check(await client.ping(), "the connection has outlived the refusals")
        check(("POST", "tools/list", 200, "gzip") in client.seen, "the list of tools was compressed")
    try:
        async with Client(StreamableHttpTransport(url)) as nobody:
            await nobody.call_tool("get_media_buys", {"adcp_version": "3.1"})
        check(False, "a call without a token was answered")
    except RuntimeError as e:
        check("401" in str(e), str(e))


asyncio.run(main(sys.argv[1]))
print("done")
