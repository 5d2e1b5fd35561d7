"""Our pages inside MLflow's application, behind everything that guards it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse

from mlflow_latent.errors import LatentError
from mlflow_latent.server.routes import bare_routes, latent_app, latent_mount
from mlflow_latent.server.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from starlette.applications import Starlette
    from starlette.types import ASGIApp, Receive, Scope, Send

    from mlflow_latent.server.settings import Settings

FORBIDDEN = 403
_NOTHING = "/static-files/-"  # whatever is there is nobody's secret, and costs nothing to ask for


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
    """In front of Flask: basic-auth refuses whatever view of Flask's it does not know."""
    from a2wsgi import WSGIMiddleware

    mlflow: Any = base.wsgi_app
    upstream = Upstream(_Deferred(lambda: WSGIMiddleware(mlflow)), settings.prefix)
    ours = as_wsgi(_host_checked(latent_app(settings, upstream), upstream))
    base.wsgi_app = either(settings, ours, mlflow)  # type: ignore[method-assign]


def _host_checked(app: ASGIApp, upstream: Upstream) -> ASGIApp:
    """Have MLflow check the Host header, which it does inside of Flask."""

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        answer = await upstream.get(Request(scope), _NOTHING, {})
        if answer.status == FORBIDDEN:
            app_or_refusal: ASGIApp = PlainTextResponse(bytes(answer.body), FORBIDDEN)
        else:
            app_or_refusal = app
        await app_or_refusal(scope, receive, send)

    return checked


def either(settings: Settings, ours: Any, other: Any) -> Any:
    """Return a WSGI application: `ours` for our addresses, else `other`."""

    def choose(environ: dict[str, Any], start_response: Any) -> Any:
        app = ours if settings.is_ours(environ.get("PATH_INFO", "")) else other
        return app(environ, start_response)

    return choose


def as_wsgi(app: Any) -> Any:
    """Return an ASGI application as a WSGI one."""
    from a2wsgi import ASGIMiddleware

    return _Deferred(lambda: ASGIMiddleware(app))


class _Deferred:
    """An application made at its first call: threads made before a worker forks are not in it."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make, self._lock = make, threading.Lock()
        self._made: Any = None

    def __call__(self, *arguments: Any) -> Any:
        with self._lock:
            if self._made is None:
                self._made = self._make()
        return self._made(*arguments)
