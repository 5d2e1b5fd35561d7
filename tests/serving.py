"""Servers with the explorer's pages: requests as they are written, runs with things to see."""

from __future__ import annotations

import base64
import http.client
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mlflow import MlflowClient

from mlflow_latent.tracking.manifest import MANIFEST_FILE, Manifest

if TYPE_CHECKING:
    from pathlib import Path

    from servers import MlflowServer

ANALYSIS = "latent/analysis/epoch=00003"
SHEET = "latent/media/split=val/sprite-000.webp"
COLUMNS = b"0123456789abcdef" * 20_000  # stands for explorer.bin: packs well
RUN_NAME = "a-secret-name"
User = tuple[str, str]
ADMIN: User = ("admin", "admin-password-1")
READER: User = ("reader", "reader-password-1")
STRANGER: User = ("stranger", "stranger-password-1")


@dataclass(frozen=True)
class Served:
    """A server and a run on it."""

    server: MlflowServer
    run_id: str

    @property
    def uri(self) -> str:
        return self.server.uri

    @property
    def files(self) -> str:
        return f"latent/files/{self.run_id}"


@dataclass(frozen=True)
class Reply:
    """What the server said."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


def ask(
    uri: str,
    path: str,
    user: tuple[str, str] | None = None,
    headers: dict[str, str] | None = None,
    *,
    method: str = "GET",
    body: object = None,
) -> Reply:
    """Send one request, with a body as JSON; unlike other clients, never tidy its path."""
    parts = urlsplit(uri)
    sent = dict(headers or {})
    if body is not None:
        sent["Content-Type"] = "application/json"
    if user:
        sent["Authorization"] = "Basic " + base64.b64encode(":".join(user).encode()).decode()
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        connection.request(
            method,
            f"{parts.path}/{path}",
            body=json.dumps(body) if body is not None else None,
            headers=sent,
        )
        answer = connection.getresponse()
        names = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, names, answer.read())
    finally:
        connection.close()


def await_reply(uri: str, path: str, status: int, seconds: float = 60) -> Reply:
    """Ask until the server is up and says what is expected."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            reply = ask(uri, path)
        except OSError:
            reply = Reply(0, {}, b"")
        if reply.status == status:
            return reply
        assert time.monotonic() < deadline, reply
        time.sleep(0.2)


def log_run(server: MlflowServer, folder: Path, location: str | None = None) -> str:
    """Log a run with an analysis, thumbnails and files that are not ours; returns its id."""
    client = MlflowClient(server.uri)
    name = f"explorer {location or 'proxied'}"
    found = client.get_experiment_by_name(name)
    experiment = (
        found.experiment_id if found else client.create_experiment(name, artifact_location=location)
    )
    run_id = str(client.create_run(experiment, run_name=RUN_NAME).info.run_id)
    write_analysis(folder / run_id / ANALYSIS)
    for path, content in {
        SHEET: b"RIFF____WEBP" + bytes(1000),
        "latent/insights.json": b"{}",
        "latent/notes.html": b"<script>alert(1)</script>",
        "latent_overview.png": b"\x89PNG" + bytes(100),
        "model/weights.bin": b"not ours",
    }.items():
        target = folder / run_id / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    client.log_artifacts(run_id, str(folder / run_id))
    return run_id


def write_analysis(folder: Path, columns: bytes = COLUMNS) -> None:
    """Write the files of an analysis, and their manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "explorer.bin").write_bytes(columns)
    (folder / "report.json").write_text(json.dumps({"words": ["many"] * 500}))
    (folder / "report.html").write_text("<script>alert(document.domain)</script>")
    files = [path for path in sorted(folder.iterdir()) if path.name != MANIFEST_FILE]
    text = Manifest.of(folder, files, 3).model_dump_json()
    (folder / MANIFEST_FILE).write_text(text)
