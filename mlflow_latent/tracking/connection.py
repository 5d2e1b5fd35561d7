"""A tracking server: whether it answers, calls that end in bounded time, errors said plainly."""

from __future__ import annotations

import threading
from concurrent.futures import Future, wait
from contextvars import copy_context
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

from mlflow_latent.capture.spool import SQLITE, absolute_database
from mlflow_latent.errors import LatentError, TrackingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow import MlflowClient

Result = TypeVar("Result")

REACHABLE_TIMEOUT = 2.0  # seconds
PROBE_AFTER = 2.0  # seconds that a call may take before anyone asks whether the server is there
SILENT_PROBES = 2  # probes in a row without an answer before a call is given up
GATEWAY_ERRORS = {502, 503, 504}  # a proxy answers, the server behind it does not
LONGEST_REASON = 240  # characters of MLflow's own words in an error message

_PERMISSION = {"PERMISSION_DENIED", "UNAUTHENTICATED", "CUSTOMER_UNAUTHORIZED", "401", "403"}
_UNKNOWN = {"RESOURCE_DOES_NOT_EXIST", "404"}


class Connection:
    """One tracking server or database, always addressed explicitly.

    Args:
        tracking_uri: default the one that MLflow is set to. A relative path to a SQLite file is
            made absolute, so that the same run is found from another folder.
    """

    def __init__(self, tracking_uri: str | None = None) -> None:
        self.uri = absolute_uri(tracking_uri)

    @cached_property
    def client(self) -> MlflowClient:
        """MLflow's client for this server.

        Raises:
            TrackingError: MLflow does not take this kind of address.
        """
        from mlflow import MlflowClient

        try:
            return MlflowClient(self.uri)
        except Exception as error:
            raise self.explain(error, "open it") from error

    @property
    def shown(self) -> str:
        """The address without its password, for messages."""
        parts = urlsplit(self.uri)
        if not parts.password:
            return self.uri
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=f"{parts.username}:…@{host}"))

    @property
    def is_remote(self) -> bool:
        """Whether it is a server, which may be away; a file or a database is opened directly."""
        return urlsplit(self.uri).scheme in {"http", "https"}

    def is_reachable(self, timeout: float = REACHABLE_TIMEOUT) -> bool:
        """Ask the server for a sign of life, once.

        Args:
            timeout: seconds to wait for it.
        """
        if not self.is_remote:
            return True
        from mlflow.utils.credentials import get_default_host_creds
        from mlflow.utils.rest_utils import http_request

        try:
            credentials = get_default_host_creds(self.uri)  # type: ignore[no-untyped-call]
            response = http_request(  # type: ignore[no-untyped-call]
                credentials,
                "/health",
                "GET",
                max_retries=0,
                timeout=timeout,
                raise_on_status=False,
            )
        except Exception:  # noqa: BLE001 - refused, timed out, no such host: all mean "away"
            return False
        return response.status_code not in GATEWAY_ERRORS

    def require_reachable(self) -> None:
        """Refuse to begin work that would hang.

        Raises:
            TrackingError: the server does not answer, or the database file is not there.
        """
        if not self.is_reachable():
            raise TrackingError(
                f"the tracking server {self.shown} does not answer; start it, or set "
                "MLFLOW_TRACKING_URI to the one that holds the run"
            )
        path = self.uri.removeprefix(SQLITE).partition("?")[0]
        if self.uri.startswith(SQLITE) and path != ":memory:" and not Path(path).exists():
            raise TrackingError(
                f"no MLflow database at {path}; set MLFLOW_TRACKING_URI to the one that holds the "
                "run"
            )

    def call(self, what: str, function: Callable[..., Result], *args: Any) -> Result:
        """Call MLflow, ending within seconds when the server goes away meanwhile.

        MLflow itself retries for minutes, and there is no way to tell one call not to.

        Args:
            what: what the call does, for the error message: `read run 'abc'`.
            function: what to call with `args`.
            *args: its arguments.

        Raises:
            TrackingError: MLflow refused, or the server stopped answering.
        """
        try:
            if self.is_remote:
                return self._while_answering(what, function, *args)
            return function(*args)
        except LatentError:
            raise
        except Exception as error:
            raise self.explain(error, what) from error

    def _while_answering(self, what: str, function: Callable[..., Result], *args: Any) -> Result:
        outcome = in_thread(function, *args)
        silent = 0
        while not wait([outcome], timeout=PROBE_AFTER).done:
            silent = 0 if self.is_reachable() else silent + 1
            if silent >= SILENT_PROBES:
                raise TrackingError(f"cannot {what}: {self.shown} stopped answering")
        return outcome.result()

    def explain(self, error: Exception, what: str) -> TrackingError:
        """Say in one line what MLflow's error means and what to do."""
        text = (str(error).splitlines() or [type(error).__name__])[0]
        text = text.partition(" Response ")[0][:LONGEST_REASON]  # what follows is the whole page
        codes = _codes(error)
        if "maintenance mode" in text and "file" in text:
            return TrackingError(
                f"MLflow no longer opens the file store {self.shown!r}; track into a database: "
                "MLFlowLogger(tracking_uri='sqlite:///mlflow.db'), and move old runs there with "
                "`mlflow migrate-filestore`"
            )
        if codes & _PERMISSION:
            return TrackingError(
                f"no permission to {what} at {self.shown}; set MLFLOW_TRACKING_USERNAME and "
                f"MLFLOW_TRACKING_PASSWORD (or MLFLOW_TRACKING_TOKEN): {text}"
            )
        if codes & _UNKNOWN:
            return TrackingError(f"cannot {what}: {self.shown} does not know it ({text})")
        return TrackingError(f"cannot {what} at {self.shown}: {text}")


def absolute_uri(tracking_uri: str | None) -> str:
    """Return a tracking address that means the same from every working directory."""
    import mlflow
    from mlflow.utils.uri import resolve_uri_if_local

    uri = str(tracking_uri or mlflow.get_tracking_uri())
    if uri.startswith(SQLITE):
        return absolute_database(uri)
    return str(resolve_uri_if_local(uri))  # type: ignore[no-untyped-call]


def in_thread(function: Callable[..., Result], *args: Any) -> Future[Result]:
    """Start `function` in a daemon thread that nobody has to wait for."""
    outcome: Future[Result] = Future()
    context = copy_context()

    def work() -> None:
        try:
            outcome.set_result(context.run(function, *args))
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits for the outcome
            outcome.set_exception(error)

    threading.Thread(target=work, name="mlflow-latent-call", daemon=True).start()
    return outcome


def _codes(error: Exception) -> set[str]:
    """Return what MLflow and the HTTP response under it call the error."""
    response = getattr(error, "response", None)
    return {str(getattr(error, "error_code", "")), str(getattr(response, "status_code", ""))}
