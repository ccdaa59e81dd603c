"""The official Python client of AdCP as a buyer, in the lines that are served: it validates strictly what it sends and what it
is answered. From discovery to a report, over MCP and A2A, as "adcp-token" of the sandbox that scripts/run starts."""
import asyncio
import datetime
import logging
import uuid

import adcp.types as types
from adcp import ADCPClient, ValidationHookConfig
from adcp.types.core import AgentConfig

from lib import Agent, ends, tap

logging.disable(logging.WARNING)  # what the client leaves out for an older line
ACCOUNT = {"brand": {"domain": "acme.example"}, "operator": "acme.example"}


def day(n):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=n)
    return at.strftime("%Y-%m-%dT00:00:00Z")


def key():
    return str(uuid.uuid4())


class Buyer:
    def __init__(self, agent, protocol, line):
        self.name, self.line = f"adcp {line} over {protocol}", line
        config = AgentConfig(id="salesagent", agent_uri=agent.mcp if protocol == "mcp" else agent.base, protocol=protocol,
                             auth_token="adcp-token", auth_header="x-adcp-auth", auth_type="token")
        self.client = ADCPClient(config, adcp_version=line,
                                 validation=ValidationHookConfig(requests="strict", responses="strict"))

    async def ask(self, tool, model, arguments):
        """The reply's data, or None, and a line of TAP either way."""
        try:
            result = await asyncio.wait_for(getattr(self.client, tool)(getattr(types, model).model_validate(arguments)), 60)
        except Exception as e:  # noqa: BLE001
            tap(f"{self.name}: {tool}", False, repr(e))
            return None
        tap(f"{self.name}: {tool}", result.success, result.error or result)
        return result.data if result.success else None

    async def shop(self, tasks):
        capabilities = await asyncio.wait_for(self.client.fetch_capabilities(), 20)
        tap(f"{self.name}: capabilities", "media_buy" in str(capabilities.supported_protocols), capabilities)
        await self.ask("sync_accounts", "SyncAccountsRequest", {"idempotency_key": key(), "accounts": [{**ACCOUNT, "billing": "operator"}]})
        found = await self.ask("get_products", "GetProductsRequest", {"buying_mode": "brief", "brief": "sports banners by auction", "account": ACCOUNT})
        if self.line != "3.0":  # whose products have named formats only, which this client leaves out
            tap(f"{self.name}: products are found", found is not None and len(found.products) > 0, found)
        bought = await self.ask("create_media_buy", "CreateMediaBuyRequest", {
            "idempotency_key": key(), "account": ACCOUNT, "brand": ACCOUNT["brand"], "start_time": day(10), "end_time": day(40),
            "packages": [{"product_id": "sports_display_auction", "pricing_option_id": "cpm_auction", "budget": 5000, "bid_price": 9}]})
        buy = getattr(bought, "media_buy_id", None) or getattr(getattr(bought, "root", None), "media_buy_id", None)
        tap(f"{self.name}: bought", isinstance(buy, str), bought)
        if buy:
            await self.ask("get_media_buys", "GetMediaBuysRequest", {"account": ACCOUNT, "media_buy_ids": [buy]})
            await self.ask("update_media_buy", "UpdateMediaBuyRequest", {
                "idempotency_key": key(), "account": ACCOUNT, "media_buy_id": buy, "paused": True})
            await self.ask("get_media_buy_delivery", "GetMediaBuyDeliveryRequest", {"account": ACCOUNT, "media_buy_ids": [buy]})
        await self.ask("list_creatives", "ListCreativesRequest", {"account": ACCOUNT})
        await self.ask("get_signals", "GetSignalsRequest", {"account": ACCOUNT, "signal_spec": "people who buy cars"})
        if tasks:
            await self.ask("list_accounts", "ListAccountsRequest", {})
            await self.ask("list_tasks", "ListTasksRequest", {"account": ACCOUNT})

    async def leave(self):
        try:
            await asyncio.wait_for(self.client.close(), 5)
        except asyncio.TimeoutError:
            pass  # its transport waits for a stream that it has not cancelled


async def main():
    with Agent() as agent:
        for protocol, line in (("mcp", "3.0"), ("mcp", "3.1"), ("a2a", "3.1"), ("mcp", "3.2")):
            buyer = Buyer(agent, protocol, line)
            await buyer.shop(tasks=line != "3.0")  # AdCP 3.0 had none
            await buyer.leave()


ends(main)
