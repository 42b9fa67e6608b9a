import asyncio
import os
from pathlib import Path

from gql import Client, GraphQLRequest, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.websockets import WebsocketsTransport

URL = os.environ.get("REPRISE_URL", "http://127.0.0.1:7171") + "/graphql"
OPERATIONS = gql(Path("../operations.graphql").read_text()).document


def request(operation: str, **variables) -> GraphQLRequest:
    return GraphQLRequest(OPERATIONS, operation_name=operation, variable_values=variables)


def task_of(outcome: dict) -> dict:
    """The task of an outcome, unless it is an error."""
    if "code" in outcome:
        raise RuntimeError(f"{outcome['code']}: {outcome['message']}")
    return outcome["task"]


async def queue(session, **fields) -> str:
    data = await session.execute(request("Queue", input=fields))
    return task_of(data["queueDownload"])["id"]


async def follow(id: str) -> None:
    async with Client(transport=WebsocketsTransport(URL.replace("http", "ws"))) as session:
        async for data in session.subscribe(request("Follow", id=id)):
            task = data["taskUpdates"]["task"]
            print(task["state"], round(task["progress"]), "%")


async def main() -> None:
    # Each request is validated against the schema before it is sent.
    client = Client(transport=AIOHTTPTransport(URL), fetch_schema_from_transport=True)
    async with client as session:
        data = await session.execute(request("Search", text="night ferry"))
        [album] = data["search"]["nodes"]
        print(f"{album['title']}, {album['trackCount']} tracks")

        id = await queue(session, item=album["id"], options={"format": "MP3", "bitrateKbps": 128})
        await follow(id)
        data = await session.execute(request("Files", id=id))
        for track in data["task"]["children"]["nodes"]:
            print(track["file"]["format"], track["file"]["path"])

        # As slow as playback, so that it is still there to be canceled.
        other = await queue(session, item="demo:low-tide-radio", type="ALBUM", options={"realTime": True})
        data = await session.execute(request("Cancel", id=other))
        cancelled = task_of(data["cancelTask"])
        print(cancelled["state"], cancelled["title"])
        data = await session.execute(request("Retry", id=other))
        retried = task_of(data["retryTask"])
        print(retried["state"], retried["title"])

        try:
            await queue(session, item="demo:no-such-album", type="ALBUM")
        except RuntimeError as error:
            print(error)


asyncio.run(main())
