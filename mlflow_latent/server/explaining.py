"""Applications that say why they cannot do their work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_latent.server.messages import message_page
from mlflow_latent.server.mounting import as_wsgi, either

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from mlflow_latent.server.settings import Settings

UNAVAILABLE = 503


def explain_everything(settings: Settings, reason: str) -> Any:
    """Return an application that answers everything with the reason.

    Args:
        settings: whether it is to be ASGI or WSGI.
        reason: why MLflow cannot be served.
    """
    app = _explain("MLflow cannot be served", reason)
    return app if settings.is_asgi else as_wsgi(app)


def explain_ours(base: Any, settings: Settings, reason: str) -> Any:
    """Return `base` with our addresses answering with the reason.

    Args:
        base: what serves MLflow.
        settings: where our addresses are, and whether `base` is ASGI or WSGI.
        reason: why our pages cannot be served.
    """
    app = _explain("The explorer cannot be served", reason)
    if not settings.is_asgi:
        return either(settings, as_wsgi(app), base)

    async def choose(scope: Scope, receive: Receive, send: Send) -> None:
        ours = scope["type"] == "http" and settings.is_ours(scope["path"])
        await (app if ours else base)(scope, receive, send)

    return choose


def _explain(title: str, reason: str) -> ASGIApp:
    page = message_page(
        UNAVAILABLE, title, f"Reason: {reason}.", "Mend it and start the server again."
    )

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await page(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _live(receive, send)

    return answer


async def _live(receive: Receive, send: Send) -> None:
    while (await receive())["type"] != "lifespan.shutdown":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})
