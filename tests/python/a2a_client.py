"""The Python SDK of A2A: the card, a message with a skill and its data with and without streaming, and the task it came to."""
import uuid

import httpx
from a2a.client import A2ACardResolver, ClientConfig, ClientFactory
from a2a.types import GetTaskRequest, Message, Part, Role, SendMessageRequest
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Value

from lib import Agent, ends, tap, tried


def asking(skill, arguments):
    data = ParseDict({"skill": skill, "parameters": arguments}, Value())
    return SendMessageRequest(message=Message(message_id=str(uuid.uuid4()), role=Role.ROLE_USER, parts=[Part(data=data)]))


async def ask(agent, streaming):
    name = "a2a-sdk, streaming" if streaming else "a2a-sdk"
    async with httpx.AsyncClient(headers={"x-adcp-auth": "adcp-token"}, timeout=20) as http:
        card = await A2ACardResolver(http, agent.base).get_agent_card()
        tap(f"{name}: the card names its skills", any(s.id == "get_products" for s in card.skills), card)
        client = ClientFactory(ClientConfig(httpx_client=http, streaming=streaming)).create(card)
        last = None
        async for event in client.send_message(asking("get_products", {"buying_mode": "brief", "brief": "sports"})):
            last = event
        said = MessageToDict(last)
        task = said.get("task") or said
        tap(f"{name}: get_products is answered", "TASK_STATE_COMPLETED" in str(said) or task.get("status"), said)
        task_id = last.task.id or last.status_update.task_id or last.artifact_update.task_id
        found = await client.get_task(GetTaskRequest(id=task_id))
        body = MessageToDict(found)
        tap(f"{name}: the task holds the products", "product_id" in str(body.get("artifacts")), body)


async def main():
    with Agent() as agent:
        await tried("a2a-sdk asks", ask, agent, False)
        await tried("a2a-sdk asks with streaming", ask, agent, True)


ends(main)
