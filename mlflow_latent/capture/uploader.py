"""The uploader: one background thread that carries a spool's files to the tracking server.

It may fail, hang or find nobody there; training must not notice. What it does not deliver stays in
the spool, where `close` and `mlflow-latent sync` look for it.
"""

from __future__ import annotations

import logging
import shlex
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow_latent.capture.spool import FileVersion

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlflow_latent.capture.spool import Spool

_logger = logging.getLogger(__name__)

MAX_PENDING = 1024  # files; a longer queue only repeats what the spool already remembers
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds between attempts while uploads fail
CLOSE_TIMEOUT = 1800.0  # seconds; the cap of a shutdown that does make progress
STALL_TIMEOUT = 300.0  # seconds without a single file arriving, from a server that does answer
PROBE_INTERVAL, PROBE_TIMEOUT = 0.25, 1.75  # seconds
SILENT_PROBES = 2  # probes in a row without an answer before the server counts as gone
REFUSALS = 3  # uploads in a row that failed, at shutdown, before the rest is left to `sync`


@dataclass(frozen=True)
class UploadSummary:
    """What came of a spool.

    Attributes:
        uploaded: files that arrived.
        left: files that are still only in the spool.
        error: why the last failed upload failed, if one did.
    """

    uploaded: int
    left: int
    error: str | None = None


class Uploader:
    """Uploads a spool's files from one daemon thread, never failing or blocking the caller."""

    def __init__(
        self,
        spool: Spool,
        upload: Callable[[Path, str], None],
        is_reachable: Callable[[], bool],
        *,
        max_pending: int = MAX_PENDING,
    ) -> None:
        """Start the thread.

        Args:
            spool: whose files to upload.
            upload: uploads a file into an artifact folder (`""` is the run's root); may raise or
                hang.
            is_reachable: whether the server answers, within about two seconds.
            max_pending: files to queue; further ones wait on disk until `close`.
        """
        self._spool, self._upload, self._is_reachable = spool, upload, is_reachable
        self._max_pending = max_pending
        self._queue: dict[Path, None] = {}  # a file that changes again moves to the end
        self._wake = threading.Condition()
        self._closing, self._abandoned = threading.Event(), threading.Event()
        self._finished = threading.Event()
        self._uploaded, self._error = 0, ""
        self._summary: UploadSummary | None = None
        threading.Thread(target=self._work, name="mlflow-latent-upload", daemon=True).start()

    def submit(self, path: Path) -> None:
        """Ask for a whole file to be uploaded; returns at once."""
        with self._wake:
            self._queue.pop(path, None)
            if len(self._queue) < self._max_pending:
                self._queue[path] = None
                self._wake.notify()

    def close(self, timeout: float = CLOSE_TIMEOUT) -> UploadSummary:
        """Deliver what the spool still holds, and stop.

        Waits while the server answers and files arrive; gives up within about five seconds when it
        does not answer. Files that are left are named in one warning, with what to do.

        Args:
            timeout: seconds to wait at most.
        """
        if self._summary is None:
            self._closing.set()
            with self._wake:
                self._wake.notify_all()
            self._wait(timeout)
            self._abandoned.set()
            self._summary = self._summarize()
        return self._summary

    # The caller's side

    def _wait(self, timeout: float) -> None:
        started = progressed = time.monotonic()
        uploaded, silent = self._uploaded, 0
        while not self._finished.wait(PROBE_INTERVAL):
            now = time.monotonic()
            if self._uploaded != uploaded:
                uploaded, progressed = self._uploaded, now
            silent = 0 if self._answers() else silent + 1
            overdue = now - started > timeout or now - progressed > STALL_TIMEOUT
            if overdue or silent >= SILENT_PROBES:
                self._error = self._error or "the tracking server does not answer"
                return

    def _answers(self) -> bool:
        """Ask in a thread of its own, so that a probe that hangs (DNS) cannot hold the caller."""
        answers: list[bool] = []
        probe = threading.Thread(target=lambda: answers.append(self._reachable()), daemon=True)
        probe.start()
        probe.join(PROBE_TIMEOUT)
        return answers == [True]

    def _summarize(self) -> UploadSummary:
        try:
            left = len(self._spool.pending())
        except OSError as error:
            self._error = _first_line(error)
            return UploadSummary(self._uploaded, 0, self._error)
        if left:
            _logger.warning(
                "%d file(s) were not uploaded to MLflow (%s). Nothing is lost; upload them later "
                "with: mlflow-latent sync %s",
                left,
                self._error,
                shlex.quote(str(self._spool.folder)),
            )
        return UploadSummary(self._uploaded, left, (self._error or None) if left else None)

    # The thread's side

    def _work(self) -> None:
        try:
            self._serve()
            self._sweep()
        except Exception as error:  # noqa: BLE001 - nothing may reach the training
            self._error = _first_line(error)
        finally:
            self._finished.set()

    def _serve(self) -> None:
        """Upload what is submitted, until closing begins."""
        while (path := self._take()) is not None:
            if self._reachable():
                if self._deliver(path):
                    continue
                if self._reachable():  # it refused this file: `close` asks once more
                    self._closing.wait(FIRST_PAUSE)
                    continue
            self.submit(path)
            self._await_answer()

    def _take(self) -> Path | None:
        with self._wake:
            self._wake.wait_for(lambda: self._queue or self._closing.is_set())
            if self._closing.is_set():
                return None
            path = next(iter(self._queue))
            del self._queue[path]
            return path

    def _await_answer(self) -> None:
        _logger.info("MLflow does not answer; captures wait in %s", self._spool.folder)
        pause = FIRST_PAUSE
        while not self._closing.wait(pause) and not self._reachable():
            pause = min(2 * pause, LONGEST_PAUSE)

    def _sweep(self) -> None:
        """Upload all that the spool still holds: queued, dropped, refused, or of other ranks."""
        refusals = 0
        for path in self._spool.pending():
            if self._abandoned.is_set() or refusals >= REFUSALS:
                return
            if not (self._reachable() or self._reachable()):
                return
            refusals = 0 if self._deliver(path) else refusals + 1

    def _deliver(self, path: Path) -> bool:
        try:
            version = FileVersion.of(path)
            self._upload(path, self._spool.artifact_folder(path))
            self._spool.mark_uploaded(path, version)
        except Exception as error:  # noqa: BLE001 - whatever MLflow raises, the file stays here
            self._error = _first_line(error)
            return not path.exists()  # what its writer took away need not be delivered
        self._uploaded += 1
        return True

    def _reachable(self) -> bool:
        try:
            reachable = self._is_reachable()
        except Exception as error:  # noqa: BLE001 - a probe that fails is a server that is away
            self._error = _first_line(error)
            return False
        if not reachable:
            self._error = "the tracking server does not answer"
        return reachable


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
