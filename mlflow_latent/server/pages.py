"""The pages: the list of runs, one run's explorer, runs side by side."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Protocol

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from mlflow_latent.server import headers
from mlflow_latent.server.access import require_caller, require_run
from mlflow_latent.server.messages import message_page

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

    from mlflow_latent.server.upstream import Upstream

MOST_RUNS = 4  # side by side; more are too narrow to read
META_MARK = "<!--latent:meta-->"
INDEX = "index.html"
ASSETS = ("app.css", "app.js")  # what the built page names, beside itself

_BAD_REQUEST = 400
_UNAVAILABLE = 503
_TITLES = {
    400: "That address names nothing",
    401: "Sign in to MLflow",
    403: "No permission",
    404: "No such run",
}
_MENDS = {
    404: "Check the address; the run may be deleted, or be on another tracking server. "
    "`mlflow-latent analyze RUN` prints the address of what it analyzed.",
    401: "This page shows what your MLflow account may read.",
}


class _Loader(Protocol):
    async def __call__(self, upstream: Upstream, request: Request) -> None: ...


class Pages:
    """Serves the built page, to whom MLflow lets read what it is about.

    Args:
        upstream: MLflow.
        static: folder of the built page.
    """

    def __init__(self, upstream: Upstream, static: Path) -> None:
        self._upstream, self._static = upstream, static

    async def runs(self, request: Request) -> Response:
        """Answer with the list of runs; the page asks MLflow for those the caller may read."""
        return await self._page(request, _require_caller, "..")

    async def run(self, request: Request) -> Response:
        """Answer with the explorer of one run."""
        return await self._page(request, _require_run, "../..")

    async def compare(self, request: Request) -> Response:
        """Answer with two to four runs side by side."""
        return await self._page(request, _require_runs, "..")

    async def _page(self, request: Request, require: _Loader, root: str) -> Response:
        try:
            await require(self._upstream, request)
        except HTTPException as refusal:
            return _refused(refusal, root)
        index = self._static / INDEX
        if not index.is_file():
            return _not_built()
        return HTMLResponse(_placed(index.read_text(encoding="utf-8"), root), headers=headers.PAGE)


async def _require_caller(upstream: Upstream, request: Request) -> None:
    await require_caller(upstream, request)


async def _require_run(upstream: Upstream, request: Request) -> None:
    await require_run(upstream, request, request.path_params["run_id"])


async def _require_runs(upstream: Upstream, request: Request) -> None:
    await require_caller(upstream, request)
    runs = request.query_params.getlist("run")
    if len(runs) > MOST_RUNS:
        raise HTTPException(_BAD_REQUEST, f"at most {MOST_RUNS} runs are shown side by side")
    for run_id in runs:
        await require_run(upstream, request, run_id)


def _placed(index: str, root: str) -> str:
    """Tell the page where MLflow's root is, relative to it: right behind any prefix or proxy."""
    for name in ASSETS:
        index = index.replace(f'"{name}"', f'"{root}/latent/static/{name}"')
    return index.replace(META_MARK, f'<meta name="latent-root" content="{escape(root)}">')


def _refused(refusal: HTTPException, root: str) -> Response:
    status = refusal.status_code
    return message_page(
        status,
        _TITLES.get(status, "MLflow did not answer"),
        f"{refusal.detail[:1].upper()}{refusal.detail[1:]}.",
        *filter(None, [_MENDS.get(status)]),
        links={"All runs": f"{root}/latent/", "MLflow": f"{root}/"},
        extra_headers=dict(refusal.headers or {}),
    )


def _not_built() -> Response:
    return message_page(
        _UNAVAILABLE,
        "The page was not built",
        "This installation of mlflow-latent lacks the explorer's page. Install it again with "
        "`pip install --force-reinstall --no-deps mlflow-latent`, or in a checkout with "
        "`pip install -e .`, and reload.",
    )
