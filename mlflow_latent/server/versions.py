"""Which version of a file a run holds now, so that no other is ever sent."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from starlette.exceptions import HTTPException

from mlflow_latent.server.paths import ANALYSIS, MEDIA
from mlflow_latent.server.upstream import API
from mlflow_latent.tracking.manifest import MANIFEST_FILE, MANIFEST_VERSION, Manifest

if TYPE_CHECKING:
    from starlette.requests import Request

    from mlflow_latent.server.upstream import Upstream

ARTIFACT = "/get-artifact"
CONFLICT = 409


@dataclass(frozen=True)
class FileVersion:
    """A version of a run's file.

    Attributes:
        run_id: the run.
        path: of the artifact.
        size: bytes.
        digest: SHA-256 in hexadecimal, where the run tells it.
    """

    run_id: str
    path: str
    size: int
    digest: str | None = None

    @property
    def key(self) -> str:
        """A name for it that no other version has."""
        text = f"{self.run_id}\n{self.path}\n{self.size}\n{self.digest or ''}"
        return hashlib.sha256(text.encode()).hexdigest()[:40]


async def current_version(
    upstream: Upstream, caller: Request, run_id: str, path: str
) -> FileVersion | None:
    """Return the version of a file that a run holds, where that can be told.

    A file of an analysis by the analysis's manifest, which is written last; a thumbnail, which is
    written once, by its size. Nothing else is told: it may change and keep its size.

    Raises:
        HTTPException: a later version of this package wrote the analysis.
    """
    analysis = ANALYSIS.fullmatch(path)
    if analysis and analysis[2] != MANIFEST_FILE:
        return await _in_manifest(upstream, caller, run_id, analysis[1], analysis[2])
    if path.startswith(MEDIA):
        return await _in_listing(upstream, caller, run_id, path)
    return None


async def _in_manifest(
    upstream: Upstream, caller: Request, run_id: str, folder: str, name: str
) -> FileVersion | None:
    parameters = {"run_id": run_id, "path": f"{folder}/{MANIFEST_FILE}"}
    answer = await upstream.get(caller, ARTIFACT, parameters)
    if not answer.is_ok:
        return None
    try:
        manifest = Manifest.model_validate_json(bytes(answer.body))
    except ValidationError:
        return None
    if manifest.schema_version > MANIFEST_VERSION:
        raise HTTPException(
            CONFLICT,
            "a later version of mlflow-latent wrote this analysis; upgrade it on this server",
        )
    entry = manifest.named(name)
    if entry is None:
        return None
    return FileVersion(run_id, f"{folder}/{name}", entry.size, entry.sha256)


async def _in_listing(
    upstream: Upstream, caller: Request, run_id: str, path: str
) -> FileVersion | None:
    parameters = {"run_id": run_id, "path": path.rpartition("/")[0]}
    while True:
        answer = await upstream.get(caller, f"{API}/artifacts/list", parameters)
        page = answer.json() if answer.is_ok else {}
        size = _size_of(page.get("files", []), path)
        if size is not None:
            return FileVersion(run_id, path, size)
        token = page.get("next_page_token")
        if not token:
            return None
        parameters["page_token"] = str(token)


def _size_of(files: list[dict[str, Any]], path: str) -> int | None:
    entry = next((entry for entry in files if entry.get("path") == path), {})
    return None if entry.get("file_size") is None else int(entry["file_size"])
