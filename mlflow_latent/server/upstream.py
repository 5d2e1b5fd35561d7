"""Asking MLflow, in this process and in the caller's name: its permissions are ours."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.datastructures import Headers, MutableHeaders

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

OK = 200
REFUSALS = 400
SERVER_ERRORS = 500
LARGEST_BODY = (
    32 * 1024 * 1024
)  # bytes kept of a listing or manifest, which a run's owner may forge
API = "/ajax-api/2.0/mlflow"

# What describes the caller's request rather than the caller: body, range, what they hold already.
_OF_THE_REQUEST = {
    b"accept-encoding", b"connection", b"content-length", b"content-type", b"if-match",
    b"if-modified-since", b"if-none-match", b"if-range", b"if-unmodified-since", b"range",
    b"transfer-encoding", b"upgrade",
}  # fmt: skip
_RANGE = frozenset({b"range", b"if-range"})


@dataclass
class Answer:
    """What MLflow said.

    Attributes:
        status: of HTTP; 500 until it said anything.
        headers: of HTTP.
        body: empty where it went elsewhere.
    """

    status: int = SERVER_ERRORS
    headers: Headers = field(default_factory=Headers)
    body: bytearray = field(default_factory=bytearray)

    @property
    def is_ok(self) -> bool:
        """Whether MLflow did what it was asked."""
        return self.status == OK

    def take(self, piece: bytes) -> None:
        """Add a piece of the body; one too large for any honest answer makes it a failure."""
        if len(self.body) + len(piece) > LARGEST_BODY:
            self.status = SERVER_ERRORS
            self.body.clear()
        elif self.status < SERVER_ERRORS:
            self.body.extend(piece)

    def json(self) -> dict[str, Any]:
        """Return the JSON object in the body; empty if there is none."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


class Upstream:
    """MLflow's application, and whatever guards it.

    Args:
        app: the whole of it, as the server would run it without us.
        prefix: what its addresses begin with.
    """

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app, self._prefix = app, prefix

    async def get(
        self,
        caller: Request,
        path: str,
        parameters: Mapping[str, str],
        *,
        write: Callable[[bytes], object] | None = None,
    ) -> Answer:
        """Send a GET with the caller's headers.

        Args:
            caller: on whose behalf.
            path: of MLflow, without the prefix.
            parameters: of the query.
            write: takes the body of a good answer, piece by piece, in place of `Answer.body`.
        """
        answer = Answer()

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = Headers(raw=_lowered(message.get("headers", [])))
            elif message["type"] == "http.response.body":
                take = write if write and answer.is_ok else answer.take
                take(message.get("body", b""))

        scope = self._scope(caller.scope, path, parameters, keep=frozenset())
        # A task of its own: what MLflow sets in its context is not to leak into ours.
        await asyncio.create_task(self._run(scope, send))
        return answer

    async def forward(
        self,
        caller: Request,
        path: str,
        parameters: Mapping[str, str],
        send: Send,
        headers: Mapping[str, str],
    ) -> None:
        """Let MLflow answer the caller directly, ranges included; a good answer gets `headers`."""

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < REFUSALS:
                raw = _lowered(message.get("headers", []))
                MutableHeaders(raw=raw).update(headers)
                message = {**message, "headers": raw}
            await send(message)

        scope = self._scope(caller.scope, path, parameters, keep=_RANGE)
        scope["method"] = caller.method
        await asyncio.create_task(self._run(scope, marked))

    async def _run(self, scope: Scope, send: Send) -> None:
        await self._app(scope, _empty_body(), send)

    def _scope(
        self, scope: Scope, path: str, parameters: Mapping[str, str], keep: frozenset[bytes]
    ) -> Scope:
        root = scope.get("app_root_path", "")
        whole = f"{root}{self._prefix}{path}"
        dropped = _OF_THE_REQUEST - keep
        return {
            "type": "http",
            "asgi": scope.get("asgi", {"version": "3.0"}),
            "http_version": scope.get("http_version", "1.1"),
            "method": "GET",
            "scheme": scope.get("scheme", "http"),
            "path": whole,
            "raw_path": whole.encode(),
            "root_path": root,
            "query_string": urlencode(parameters).encode(),
            "headers": [pair for pair in scope["headers"] if pair[0].lower() not in dropped],
            "client": scope.get("client"),
            "server": scope.get("server"),
            "state": dict(scope.get("state", {})),
        }


def _empty_body() -> Receive:
    pending: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if not pending:  # the caller hangs up only when we do, which cancels this task
            await asyncio.Event().wait()
        return pending.pop()

    return receive


def _lowered(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name.lower(), value) for name, value in headers]
