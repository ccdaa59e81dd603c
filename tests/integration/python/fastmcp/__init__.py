"""Stands in for the package fastmcp, which the tests cannot count on being installed: the same names, and on the wire
the conversation that it (over the official Python SDK for MCP) has with a server of streamable HTTP:

    POST initialize                  Accept: application/json, text/event-stream
    POST notifications/initialized   from here on with MCP-Protocol-Version
    POST tools/list, tools/call
    GET, DELETE                      only with a session id; `probe` makes them all the same

One connection is kept, as httpx keeps it, and replies may be compressed. Whatever a real client would choke on raises."""
import gzip
import http.client
import json
from types import SimpleNamespace
from urllib.parse import urlsplit

from .client.transports import StreamableHttpTransport

LATEST = "2025-11-25"


class Client:
    def __init__(self, transport):
        if isinstance(transport, str):
            transport = StreamableHttpTransport(transport)
        self.url = urlsplit(transport.url)
        self.headers = {"accept": "application/json, text/event-stream", "accept-encoding": "gzip, deflate",
                        "user-agent": "python-httpx/0.28.1", **transport.headers}
        self.ids = 0
        self.session = None
        self.seen = []

    def exchange(self, method, body=None, **headers):
        path = self.url.path + ("?" + self.url.query if self.url.query else "")
        sent = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        kind = {} if sent is None else {"content-type": "application/json"}
        self.connection.request(method, path, sent, {**self.headers, **kind, **headers})
        reply = self.connection.getresponse()
        data = reply.read()
        if reply.headers.get("content-encoding") == "gzip":
            data = gzip.decompress(data)
        self.seen.append((method, body and body["method"], reply.status, reply.headers.get("content-encoding")))
        return reply, data

    def rpc(self, method, params=None):
        number, self.ids = self.ids, self.ids + 1
        request = {"method": method, "params": params or {}, "jsonrpc": "2.0", "id": number}
        reply, data = self.exchange("POST", request)
        if reply.status != 200 or not reply.headers["content-type"].startswith("application/json"):
            raise RuntimeError(f"{method}: {reply.status} {reply.headers['content-type']} {data[:300]!r}")
        answer = json.loads(data)
        if answer["jsonrpc"] != "2.0" or answer["id"] != number:
            raise RuntimeError(f"not the answer to {number}: {answer}")
        if "error" in answer:
            raise RuntimeError(answer["error"]["message"])
        return answer["result"]

    async def __aenter__(self):
        self.connection = http.client.HTTPConnection(self.url.hostname, self.url.port)
        self.server = self.rpc("initialize", {"protocolVersion": LATEST, "capabilities": {},
                                              "clientInfo": {"name": "mcp", "version": "0.1.0"}})
        if self.server["protocolVersion"] != LATEST or "tools" not in self.server["capabilities"]:
            raise RuntimeError(f"the handshake answered {self.server}")
        self.headers["mcp-protocol-version"] = self.server["protocolVersion"]
        reply, data = self.exchange("POST", {"method": "notifications/initialized", "jsonrpc": "2.0"})
        if reply.status != 202 or data:
            raise RuntimeError(f"notifications/initialized: {reply.status} {data!r}")
        return self

    async def __aexit__(self, *failure):
        self.connection.close()

    async def ping(self):
        return self.rpc("ping") == {}

    async def list_tools(self):
        return [SimpleNamespace(name=t["name"], inputSchema=t["inputSchema"]) for t in self.rpc("tools/list")["tools"]]

    async def call_tool(self, name, arguments=None):
        result = self.rpc("tools/call", {"name": name, "arguments": arguments or {}})
        if json.loads(result["content"][0]["text"]) != result["structuredContent"]:
            raise RuntimeError("the text and the structured content differ")
        if result.get("isError"):
            raise RuntimeError(result["content"][0]["text"])
        return SimpleNamespace(structured_content=result["structuredContent"], content=result["content"])

    def probe(self, method):
        """The status of a GET (a stream of messages from the server) or DELETE (the end of a session)."""
        headers = {"accept": "text/event-stream"} if method == "GET" else {}
        return self.exchange(method, None, **headers)[0].status
