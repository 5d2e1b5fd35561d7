"""All addresses under `latent/`; each only reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route, Router

from mlflow_latent.server import headers
from mlflow_latent.server.cache import FileCache
from mlflow_latent.server.files import NOT_MODIFIED, RunFiles
from mlflow_latent.server.pages import ASSETS, Pages
from mlflow_latent.server.settings import NAME

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp

    from mlflow_latent.server.settings import Settings
    from mlflow_latent.server.upstream import Upstream

OWN_ASSETS = Path(__file__).parent / "assets"

_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_NOT_FOUND = 404


def latent_mount(settings: Settings, upstream: Upstream) -> Mount:
    """Return the mount of all our pages, at `<prefix>/latent`.

    Args:
        settings: where things are.
        upstream: MLflow, which says who may see what.
    """
    pages = Pages(upstream, settings.static)
    files = RunFiles(upstream, FileCache(settings.cache, settings.cache_bytes))
    app = Starlette(
        routes=[
            Route("/", pages.runs),
            Route("/run/{run_id}", pages.run),
            Route("/compare", pages.compare),
            Route("/files/{run_id}/{path:path}", files.__call__),
            Route(
                "/static/{name}",
                _Assets(settings.static).__call__,
                middleware=[Middleware(GZipMiddleware)],
            ),
            Route("/{rest:path}", _unknown),
        ],
        exception_handlers={HTTPException: _as_text},
    )
    app.router.redirect_slashes = False  # it would redirect to what the Host header names
    return Mount(settings.root, app)


def latent_app(settings: Settings, upstream: Upstream) -> ASGIApp:
    """Return our pages as an application of their own, which knows nothing else."""
    return Router([*bare_routes(settings), latent_mount(settings, upstream)])


def bare_routes(settings: Settings) -> list[Route]:
    """Return what leads from `<prefix>/latent` to its pages."""

    def redirect(_: Request) -> Response:
        return RedirectResponse(f"{NAME}/")

    return [Route(settings.root, redirect)]


class _Assets:
    """The page's code, which is nobody's secret; only by names that are known."""

    def __init__(self, static: Path) -> None:
        own = {path.name: path for path in OWN_ASSETS.iterdir() if path.suffix in _TYPES}
        self._files = own | {name: static / name for name in ASSETS}

    async def __call__(self, request: Request) -> Response:
        path = self._files.get(request.path_params["name"])
        if path is None or not path.is_file():
            raise HTTPException(_NOT_FOUND, "no such file")
        status = path.stat()
        tag = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
        extra = headers.ASSET | {"ETag": tag}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=NOT_MODIFIED, headers=extra)
        return FileResponse(path, headers=extra, media_type=_TYPES[path.suffix])


async def _unknown(_: Request) -> Response:
    raise HTTPException(_NOT_FOUND, "no such page; latent/ lists the runs")


async def _as_text(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for no other
    return PlainTextResponse(
        f"{error.detail}\n", error.status_code, headers.FILE | dict(error.headers or {})
    )
