"""A run's artifacts: list them, fetch each version of a file once."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote

from mlflow_latent.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mlflow_latent.tracking.connection import Connection

CACHE_VARIABLE = "MLFLOW_LATENT_CACHE"
PARALLEL_REQUESTS = 8
_PROGRESS_VARIABLE = "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"


@dataclass(frozen=True)
class Artifact:
    """A file among a run's artifacts.

    Attributes:
        path: from the run's root, with slashes.
        size: bytes, where the artifact store tells.
    """

    path: str
    size: int | None


def default_cache() -> Path:
    """Return where downloaded captures are kept: `$MLFLOW_LATENT_CACHE`, or the user's cache."""
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named)
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "mlflow-latent"


class RunArtifacts:
    """The artifacts of one run, and a local copy of those that were asked for.

    Args:
        connection: the server that holds the run.
        run_id: the run.
        cache: folder for local copies, keyed by server, run, path and size.
    """

    def __init__(self, connection: Connection, run_id: str, cache: Path | None = None) -> None:
        self._connection, self._run_id = connection, run_id
        server = hashlib.sha256(connection.uri.encode()).hexdigest()[:12]
        name = quote(run_id, safe="").replace(".", "%2E")
        self.folder = (cache or default_cache()) / server / name

    def list_files(self, folder: str) -> list[Artifact]:
        """Return all files below an artifact folder, by path.

        Raises:
            TrackingError: MLflow refused, or the listing names a path outside the run.
        """
        found: list[Artifact] = []
        folders = [folder]
        with ThreadPoolExecutor(PARALLEL_REQUESTS) as pool:
            while folders:
                levels = list(pool.map(self._list, folders))
                entries = [entry for level in levels for entry in level]
                found += [
                    Artifact(path, size) for path, size, is_folder in entries if not is_folder
                ]
                folders = [path for path, _, is_folder in entries if is_folder]
        return sorted(found, key=lambda artifact: artifact.path)

    def list_direct(self, folder: str) -> list[Artifact]:
        """Return the files directly in an artifact folder."""
        return [
            Artifact(path, size) for path, size, is_folder in self._list(folder) if not is_folder
        ]

    def list_folders(self, folder: str) -> list[str]:
        """Return the folders directly in an artifact folder."""
        return [path for path, _, is_folder in self._list(folder) if is_folder]

    def fetch(
        self, artifacts: Iterable[Artifact], on_file: Callable[[Artifact], None] | None = None
    ) -> Path:
        """Bring files into the local copy, those that are not there yet.

        Args:
            artifacts: which files.
            on_file: called after each, from any thread.

        Returns:
            The folder that mirrors the run's artifacts.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with without_progress_bars(), ThreadPoolExecutor(PARALLEL_REQUESTS) as pool:
            waiting = [pool.submit(self._fetch, artifact, on_file) for artifact in artifacts]
            try:
                for fetched in waiting:
                    fetched.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return self.folder

    def forget_stale(self, folder: str, listed: Iterable[Artifact]) -> None:
        """Remove local copies below `folder` that are not, or no longer, what the run holds."""
        sizes = {artifact.path: artifact.size for artifact in listed}
        for path in (self.folder / folder).rglob("*"):
            name = path.relative_to(self.folder).as_posix()
            if path.is_file() and sizes.get(name, -1) != path.stat().st_size:
                path.unlink()

    def _list(self, folder: str) -> list[tuple[str, int | None, bool]]:
        entries = self._connection.call(
            f"list {folder!r} of run {self._run_id!r}",
            self._connection.client.list_artifacts,
            self._run_id,
            folder,
        )
        return [
            (_checked(entry.path, folder), entry.file_size, bool(entry.is_dir)) for entry in entries
        ]

    def _fetch(self, artifact: Artifact, on_file: Callable[[Artifact], None] | None) -> None:
        target = self.folder / artifact.path
        if artifact.size is None or not _has_size(target, artifact.size):
            self._download(artifact, target)
        if on_file:
            on_file(artifact)

    def _download(self, artifact: Artifact, target: Path) -> None:
        incoming = Path(tempfile.mkdtemp(prefix=".incoming-", dir=self.folder))
        try:
            local = self._connection.call(
                f"download {artifact.path!r} of run {self._run_id!r}",
                self._connection.client.download_artifacts,
                self._run_id,
                artifact.path,
                str(incoming),
            )
            if artifact.size is not None and not _has_size(Path(local), artifact.size):
                raise TrackingError(
                    f"{artifact.path!r} of run {self._run_id!r} arrived with "
                    f"{Path(local).stat().st_size} bytes instead of {artifact.size}; try again"
                )
            target.parent.mkdir(parents=True, exist_ok=True)
            Path(local).replace(target)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)


@contextmanager
def without_progress_bars() -> Iterator[None]:
    """Keep MLflow from drawing a bar for each file: ours counts them all."""
    before = os.environ.get(_PROGRESS_VARIABLE)
    os.environ[_PROGRESS_VARIABLE] = "false"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_PROGRESS_VARIABLE]
        else:
            os.environ[_PROGRESS_VARIABLE] = before


def _checked(path: str, folder: str) -> str:
    """A listing comes from elsewhere: what it names must lie below what was asked for."""
    parts = PurePosixPath(path).parts
    inside = PurePosixPath(path).is_relative_to(folder) and len(path) > len(folder)
    if not inside or ".." in parts or "\\" in path or "\0" in path:
        raise TrackingError(f"the listing of {folder!r} names {path!r}, which is not below it")
    return path


def _has_size(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size
