"""`latent/files/<run_id>/<path>`: a run's own files, for whom MLflow lets read the run."""

from __future__ import annotations

import logging
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from mlflow_latent.errors import InputError
from mlflow_latent.server import headers
from mlflow_latent.server.access import NOT_FOUND, require_ok, require_run, require_run_id
from mlflow_latent.server.paths import ANALYSIS, checked_path
from mlflow_latent.server.versions import ARTIFACT, FileVersion, current_version
from mlflow_latent.tracking.manifest import MANIFEST_FILE

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from mlflow_latent.server.cache import CachedFile, FileCache
    from mlflow_latent.server.upstream import Upstream

_logger = logging.getLogger(__name__)

BAD_REQUEST = 400
NOT_MODIFIED = 304
UNAVAILABLE = 503
# What a browser may look at in place; all else is a download, so that nothing of a run's is ever
# a document with our origin's powers.
SHOWN = {
    ".bin": "application/octet-stream",
    ".json": "application/json",
    ".png": "image/png",
    ".webp": "image/webp",
}


class RunFiles:
    """Passes files of runs through.

    Args:
        upstream: MLflow.
        cache: what was passed before.
    """

    def __init__(self, upstream: Upstream, cache: FileCache) -> None:
        self._upstream, self._cache = upstream, cache

    async def __call__(self, request: Request) -> Response:
        """Answer a GET or HEAD.

        Raises:
            HTTPException: the path is not ours, MLflow refuses, or there is no such file.
        """
        run_id = request.path_params["run_id"]
        path = _path(request)
        await require_run_id(self._upstream, request, run_id)
        # MLflow tells the version only to whom it lets read the run.
        version = await current_version(self._upstream, request, run_id, path)
        if version is None:
            await self._require_no_analysis(request, run_id, path)
            return _Forwarded(self._upstream, request, run_id, path)
        if not self._cache.takes(version):
            return _Forwarded(self._upstream, request, run_id, path)
        if _holds(request, version.key):
            return Response(status_code=NOT_MODIFIED, headers=_headers(path, f'"{version.key}"'))
        cached = await anyio.to_thread.run_sync(self._cache.find, version)
        return _respond(request, version, cached or await self._fetch(request, version))

    async def _require_no_analysis(self, request: Request, run_id: str, path: str) -> None:
        """What is not in its manifest is not there yet, or not whole."""
        analysis = ANALYSIS.fullmatch(path)
        if analysis and analysis[2] != MANIFEST_FILE:
            await require_run(self._upstream, request, run_id)
            raise HTTPException(
                NOT_FOUND,
                "the run has no such file, or its analysis is not complete: its manifest, written "
                "last, does not list it; run `mlflow-latent analyze` again",
            )

    async def _fetch(self, request: Request, version: FileVersion) -> CachedFile:
        incoming = await anyio.to_thread.run_sync(self._cache.incoming)
        try:
            parameters = {"run_id": version.run_id, "path": version.path}
            write = _bounded(incoming, version.size)
            require_ok(await self._upstream.get(request, ARTIFACT, parameters, write=write))
        except BaseException:
            self._cache.drop(incoming)
            raise
        cached = await anyio.to_thread.run_sync(self._cache.keep, version, incoming)
        if cached is None:
            raise HTTPException(
                UNAVAILABLE,
                "the file is not what the run's manifest says; it may be being replaced: try again",
                {"Retry-After": "2"},
            )
        return cached


class _Forwarded(Response):
    """MLflow's own answer, streamed."""

    def __init__(self, upstream: Upstream, request: Request, run_id: str, path: str) -> None:
        super().__init__()
        self._upstream, self._request = upstream, request
        self._parameters = {"run_id": run_id, "path": path}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        path = self._parameters["path"]
        await self._upstream.forward(
            self._request, ARTIFACT, self._parameters, send, _headers(path)
        )


def _bounded(file: IO[bytes], size: int) -> Callable[[bytes], None]:
    """Write no more than shows that there is more than was promised."""
    room = size + 1

    def write(piece: bytes) -> None:
        nonlocal room
        file.write(piece[:room])
        room -= min(len(piece), room)

    return write


def _path(request: Request) -> str:
    try:
        return checked_path(request.path_params["path"])
    except InputError as error:
        raise HTTPException(BAD_REQUEST, str(error)) from None


def _holds(request: Request, key: str) -> bool:
    tags = request.headers.get("if-none-match", "").split(",")
    return any(
        tag.strip().removeprefix("W/").strip('"').removesuffix("-gzip") == key for tag in tags
    )


def _respond(request: Request, version: FileVersion, cached: CachedFile) -> Response:
    packed = cached.compressed if _takes_gzip(request) else None
    tag = f'"{version.key}-gzip"' if packed else f'"{version.key}"'
    extra = {"Content-Encoding": "gzip"} if packed else {}
    return FileResponse(
        packed or cached.path,
        headers=_headers(version.path, tag) | extra,
        media_type=_type(version.path),
    )


def _takes_gzip(request: Request) -> bool:
    """A range is one of the file's own bytes."""
    encodings = [
        part.partition(";") for part in request.headers.get("accept-encoding", "").split(",")
    ]
    taken = any(n.strip() == "gzip" and q.replace(" ", "") != "q=0" for n, _, q in encodings)
    return taken and "range" not in request.headers


def _type(path: str) -> str:
    return SHOWN.get(PurePosixPath(path).suffix, "application/octet-stream")


def _headers(path: str, tag: str | None = None) -> dict[str, str]:
    shown = PurePosixPath(path).suffix in SHOWN
    return (
        headers.FILE
        | {"Content-Type": _type(path), "Content-Disposition": "inline" if shown else "attachment"}
        | ({"ETag": tag} if tag else {})
    )
