"""Generates a client with openapi-python-client, and runs the story with it against the built server.

Needs Node, `npm run build`, and Python with openapi-python-client.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from urllib.request import urlopen

PACKAGE = "reprise_rest"
GENERATOR = Path(sys.executable).with_name("openapi-python-client")


def start_server(directory: Path) -> tuple[subprocess.Popen, str]:
    home = {"DATA_DIR": str(directory / "data"), "DOWNLOAD_DIR": str(directory / "downloads")}
    server = subprocess.Popen(
        ["node", "dist/main.js"],
        env={**os.environ, **home, "HOST": "127.0.0.1", "PORT": "0", "LOG_LEVEL": "info"},
        stdout=subprocess.PIPE,
        text=True,
    )
    for line in server.stdout:
        entry = json.loads(line)
        if entry["msg"] == "Reprise is up":
            # A log that nobody reads would stop the server.
            threading.Thread(target=server.stdout.read, daemon=True).start()
            return server, entry["url"]
    raise SystemExit("The server ended before it was up.")


def generate(url: str, directory: Path) -> None:
    document = directory / "openapi.json"
    with urlopen(f"{url}/api/openapi.json") as response:
        document.write_bytes(response.read())
    config = directory / "config.json"
    # Nobody reads the code, so that nothing has to format it.
    config.write_text(json.dumps({"post_hooks": []}))
    options = ["--path", document, "--output-path", directory / PACKAGE, "--config", config, "--meta", "none"]
    subprocess.run([GENERATOR, "generate", *options, "--fail-on-warning"], check=True)
    sys.path.insert(0, str(directory))


def check_names() -> None:
    models = importlib.import_module(f"{PACKAGE}.models").__all__
    assert {"Album", "Artist", "Track", "Task", "AudioFormat", "DownloadOptions"} <= set(models)
    strange = [name for name in models if "Response" in name or "Items" in name or len(name) > 50]
    assert not strange, strange
    assert len(models) < 110, len(models)


def run_story(url: str) -> None:
    client = importlib.import_module(PACKAGE).Client(base_url=f"{url}/api")
    models = importlib.import_module(f"{PACKAGE}.models")

    def call(name: str, *args, **options):
        result = importlib.import_module(f"{PACKAGE}.api.{name}").sync(*args, client=client, **options)
        assert not isinstance(result, models.Failure), result
        return result

    found = call("catalog.get_search", q="night ferry", type_=models.ItemType("album"), limit=1)
    [album] = found.items
    assert isinstance(album, models.Album), album

    options = models.DownloadOptions(convert_to=models.AudioFormat("MP3"), bitrate="128k")
    queued = call("downloads.post_album_download_by_id", album.id, body=options)
    task = follow(client, models, queued.task_id)
    assert task.summary.total_successful == album.total_tracks, task

    children = call("history.get_history_by_task_id_children", str(queued.task_id))
    assert {models.AudioFormat(track.quality_format) for track in children.tracks} == {models.AudioFormat.MP3}
    assert all(Path(track.file_path).exists() for track in children.tracks)

    slow = models.DownloadOptions(convert_to=models.AudioFormat("mp3"), real_time=True)
    other = call("downloads.post_album_download_by_id", "demo:low-tide-radio", body=slow)
    assert call("tasks.post_prgs_cancel_by_task_id", str(other.task_id)).status == "cancelled"
    retried = call("tasks.post_prgs_retry_by_task_id", str(other.task_id))
    assert isinstance(retried, models.Task) and retried.task_id == other.task_id, retried
    call("tasks.post_prgs_cancel_by_task_id", str(other.task_id))


def follow(client, models, task_id):
    with client.get_httpx_client().stream("GET", "/prgs/stream", params={"active_only": False}) as response:
        for line in response.iter_lines():
            if not line.startswith("data: "):
                continue
            message = models.TaskStreamMessage.from_dict(json.loads(line.removeprefix("data: ")))
            for task in message.tasks:
                if task.task_id == task_id and task.summary:
                    return task
    raise SystemExit("The stream ended before the task did.")


with tempfile.TemporaryDirectory(prefix="reprise-python-") as name:
    server, url = start_server(Path(name))
    try:
        generate(url, Path(name))
        check_names()
        run_story(url)
    finally:
        server.terminate()
        server.wait()
print("openapi-python-client: the story runs")
