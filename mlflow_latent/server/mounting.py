"""Our pages inside MLflow's application, behind everything that guards it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from mlflow_latent.errors import LatentError
from mlflow_latent.server.routes import NAME, bare_routes, latent_app, latent_mount
from mlflow_latent.server.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from starlette.applications import Starlette
    from starlette.types import ASGIApp

    from mlflow_latent.server.settings import Settings


class UnknownServerError(LatentError):
    """The application is none that our pages can be put into."""


def mount(base: Any, settings: Settings) -> None:
    """Put our pages into the application.

    Raises:
        UnknownServerError: it is neither Starlette's (nor FastAPI's) nor Flask's.
    """
    if hasattr(base, "wsgi_app"):
        _mount_in_flask(base, settings)
    elif hasattr(getattr(base, "router", None), "routes"):
        _mount_in_starlette(base, settings)
    else:
        kind = f"{type(base).__module__}.{type(base).__qualname__}"
        raise UnknownServerError(f"{kind} has neither routes of Starlette nor of Flask")


def _mount_in_starlette(base: Starlette, settings: Settings) -> None:
    """Before the catch-all mount of MLflow's Flask application; after it, nothing is reached.

    Inside the application, not around it: so its check of the Host header holds for us too.
    """
    upstream = Upstream(base, settings.prefix)
    routes = base.router.routes
    catch_all = (i for i, route in enumerate(routes) if getattr(route, "path", None) == "")
    place = next(catch_all, len(routes))
    routes[place:place] = [*bare_routes(settings), latent_mount(settings, upstream)]


def _mount_in_flask(base: Flask, settings: Settings) -> None:
    """As a view of Flask, so that what guards MLflow's views guards ours."""
    from a2wsgi import WSGIMiddleware
    from flask import Response, request

    upstream = Upstream(_Deferred(lambda: WSGIMiddleware(base.wsgi_app)), settings.prefix)
    application = as_wsgi(latent_app(settings, upstream))

    def view(**_: str) -> Response:
        return Response.from_app(application, request.environ)

    root = f"{settings.prefix}/{NAME}"
    for number, rule in enumerate((root, f"{root}/", f"{root}/<path:rest>")):
        base.add_url_rule(rule, f"{NAME}_{number}", view, methods=["GET", "HEAD"])


def as_wsgi(app: ASGIApp) -> Any:
    """Return an ASGI application as a WSGI one."""
    from a2wsgi import ASGIMiddleware

    return _Deferred(lambda: ASGIMiddleware(app))


class _Deferred:
    """An application made at its first call: threads made before a worker forks are not in it."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make, self._lock, self._made = make, threading.Lock(), None

    def __call__(self, *arguments: Any) -> Any:
        with self._lock:
            self._made = self._made or self._make()
        return self._made(*arguments)
