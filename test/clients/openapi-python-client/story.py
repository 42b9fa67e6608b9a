import json
import os

from generated_client import Client
from generated_client.api.catalog import get_search
from generated_client.api.downloads import post_album_download_by_id
from generated_client.api.history import get_history_by_task_id_children
from generated_client.api.tasks import post_prgs_cancel_by_task_id, post_prgs_retry_by_task_id
from generated_client.models import AudioFormat, DownloadOptions, Failure, ItemType, TaskStreamMessage

URL = os.environ.get("REPRISE_URL", "http://127.0.0.1:7171")
client = Client(base_url=f"{URL}/api")


def body_of(body):
    """The body, unless the request failed."""
    if isinstance(body, Failure):
        raise RuntimeError(body.error)
    return body


def download(id: str, options: DownloadOptions) -> str:
    queued = body_of(post_album_download_by_id.sync(id, client=client, body=options))
    return str(queued.task_id)


def follow(id: str) -> None:
    """Prints the status of a task in each event of the stream, which has no end, until the task has finished."""
    with client.get_httpx_client().stream("GET", "/prgs/stream", params={"active_only": False}) as response:
        for line in response.iter_lines():
            if not line.startswith("data: "):
                continue
            message = TaskStreamMessage.from_dict(json.loads(line.removeprefix("data: ")))
            for task in message.tasks:
                if str(task.task_id) == id:
                    print(f"{task.status} {task.progress:.0f} %")
                    if task.summary:
                        return


[album] = body_of(get_search.sync(client=client, q="night ferry", type_=ItemType("album"), limit=1)).items
print(f"{album.name}, {album.total_tracks} tracks")

id = download(album.id, DownloadOptions(convert_to=AudioFormat("MP3"), bitrate="128k"))
follow(id)
for track in body_of(get_history_by_task_id_children.sync(id, client=client)).tracks:
    print(track.quality_format, track.file_path)

# As slow as playback, so that it is still there to be canceled.
other = download("demo:low-tide-radio", DownloadOptions(real_time=True))
print(body_of(post_prgs_cancel_by_task_id.sync(other, client=client)).status)
retried = body_of(post_prgs_retry_by_task_id.sync(other, client=client))
print(retried.status, retried.name)

try:
    download("demo:no-such-album", DownloadOptions())
except RuntimeError as error:
    print(error)
