"""A script in MLflow's own page that links to ours; if that page changes, nothing happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_latent.server.settings import NAME

if TYPE_CHECKING:
    from flask import Response

    from mlflow_latent.server.settings import Settings

SCRIPT = "sidebar.js"
OK = 200

_BEFORE = b"</body>"
# A file of its own, from the same server: what a Content-Security-Policy of MLflow's would allow.
_TAG = f'<script defer src="{NAME}/static/{SCRIPT}"></script>'.encode()
_CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE")


def add_sidebar(settings: Settings) -> None:
    """Have MLflow's page load our script.

    Args:
        settings: where MLflow's page is.
    """
    from flask import request
    from mlflow.server import app

    index = f"{settings.prefix}/"

    def ask_whole() -> None:
        """A browser may hold the page from before there was a script in it."""
        if request.path == index:
            for condition in _CONDITIONS:
                request.environ.pop(condition, None)

    def insert(response: Response) -> Response:
        if request.path == index:
            with_script(response)
        return response

    # First of all hooks before a request, last of those after it.
    app.before_request_funcs.setdefault(None, []).insert(0, ask_whole)
    app.after_request_funcs.setdefault(None, []).insert(0, insert)


def with_script(response: Response) -> None:
    """Put our script into a page of MLflow's; leave anything else as it is."""
    if response.status_code != OK or response.mimetype != "text/html":
        return
    response.direct_passthrough = False
    page = response.get_data()
    if page.count(_BEFORE) != 1 or _TAG in page:
        return
    response.set_data(page.replace(_BEFORE, _TAG + _BEFORE))
    for stale in ("ETag", "Last-Modified"):
        response.headers.pop(stale, None)
