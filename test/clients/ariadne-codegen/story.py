import asyncio
import os

from generated_client import AudioFormat, CatalogType, Client, DownloadOptionsInput, QueueDownloadInput

URL = os.environ.get("REPRISE_URL", "http://127.0.0.1:7171") + "/graphql"


def task_of(outcome):
    """The task of an outcome, unless it is an error."""
    if hasattr(outcome, "code"):
        raise RuntimeError(f"{outcome.code.value}: {outcome.message}")
    return outcome.task


async def queue(client: Client, download: QueueDownloadInput) -> str:
    return task_of((await client.queue(download)).queue_download).id


async def follow(client: Client, id: str) -> None:
    async for update in client.follow(id):
        task = update.task_updates.task
        print(task.state.value, round(task.progress), "%")


async def main() -> None:
    async with Client(URL, ws_url=URL.replace("http", "ws")) as client:
        [album] = (await client.search("night ferry")).search.nodes
        print(f"{album.title}, {album.track_count} tracks")

        options = DownloadOptionsInput(format=AudioFormat.MP3, bitrate_kbps=128)
        id = await queue(client, QueueDownloadInput(item=album.id, options=options))
        await follow(client, id)
        for track in (await client.files(id)).task.children.nodes:
            print(track.file.format.value, track.file.path)

        # As slow as playback, so that it is still there to be canceled.
        slow = DownloadOptionsInput(real_time=True)
        other = await queue(client, QueueDownloadInput(item="demo:low-tide-radio", type=CatalogType.ALBUM, options=slow))
        cancelled = task_of((await client.cancel(other)).cancel_task)
        print(cancelled.state.value, cancelled.title)
        retried = task_of((await client.retry(other)).retry_task)
        print(retried.state.value, retried.title)

        try:
            await queue(client, QueueDownloadInput(item="demo:no-such-album", type=CatalogType.ALBUM))
        except RuntimeError as error:
            print(error)


asyncio.run(main())
