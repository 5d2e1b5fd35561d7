"""The spool: a run's folder on disk that mirrors its artifacts until they are uploaded.

```
<root>/<run id>/spool.json       whose files these are, and where they go
<root>/<run id>/uploads.jsonl    journal: a line per version of a file that has arrived
<root>/<run id>/latent/...       the artifacts themselves
```
A file belongs to the run once it has its final name; writers use `<name>.tmp` and rename.
The journal is only ever appended to: a line torn by a killed process costs one repeated upload.
"""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, ValidationError

from mlflow_latent.errors import CorruptFileError, InputError
from mlflow_latent.store.paths import LATENT

if TYPE_CHECKING:
    from collections.abc import Iterator

SPOOL_FILE, JOURNAL_FILE = "spool.json", "uploads.jsonl"
NO_RUN = "no-run"
UNFINISHED_SUFFIX = ".tmp"
SQLITE = "sqlite:///"
SEARCH_DEPTH = 3  # folders between what a user names and a run's spool; deeper is somebody else's


@dataclass(frozen=True)
class FileVersion:
    """What tells one version of a file from the next."""

    size: int
    mtime_ns: int

    @classmethod
    def of(cls, path: Path) -> Self:
        """Return the version of the file that is at `path` now."""
        status = path.stat()
        return cls(status.st_size, status.st_mtime_ns)


class SpoolInfo(BaseModel):
    """The content of `spool.json`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    run_id: str | None
    tracking_uri: str | None


@dataclass(frozen=True)
class Spool:
    """A run's folder on disk that mirrors the run's artifacts until they are uploaded.

    Attributes:
        folder: the run's folder; its tree is that of the run's artifacts.
        run_id: the MLflow run, or None if the training has none.
        tracking_uri: where that run lives, or None for MLflow's default.
    """

    folder: Path
    run_id: str | None
    tracking_uri: str | None

    @classmethod
    def create(cls, root: Path, *, run_id: str | None, tracking_uri: str | None) -> Self:
        """Make the folder of a run below `root`, or open the one that is there.

        A training without a run gets a folder of its own each time (`no-run`, `no-run-2`, …), so
        that two of them never mix. Several processes of one training share one spool: create it in
        one of them and `open` its folder in the others.

        Args:
            root: folder that holds the spools.
            run_id: the MLflow run; None keeps the files on disk only.
            tracking_uri: where the run lives; a relative path to a SQLite file is made absolute, so
                that `sync` finds it from another folder. It may hold a password, so only the user
                can read the file that keeps it.

        Raises:
            InputError: `run_id` is empty.
        """
        root = root.resolve()
        folder = root / _folder_name(run_id) if run_id is not None else _unused_folder(root)
        (folder / LATENT).mkdir(parents=True, exist_ok=True)
        tracking_uri = absolute_database(tracking_uri) if tracking_uri else None
        info = SpoolInfo(run_id=run_id, tracking_uri=tracking_uri)
        _write_private(folder / SPOOL_FILE, info.model_dump_json(indent=1) + "\n")
        return cls(folder, run_id, tracking_uri)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the spool that `create` made in `folder`.

        Raises:
            CorruptFileError: its `spool.json` is missing, truncated or something else.
        """
        path = folder.resolve() / SPOOL_FILE
        try:
            info = SpoolInfo.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, ValidationError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise CorruptFileError(
                f"{path} does not say which run the files beside it belong to ({reason})"
            ) from None
        return cls(path.parent, info.run_id, info.tracking_uri)

    @staticmethod
    def find_folders(root: Path) -> list[Path]:
        """Return the folders at or below `root` that hold a spool, readable or not."""
        patterns = ["/".join(["*"] * depth + [SPOOL_FILE]) for depth in range(SEARCH_DEPTH + 1)]
        found = {path.parent.resolve() for pattern in patterns for path in root.glob(pattern)}
        return sorted(found)

    @classmethod
    def find_all(cls, root: Path) -> list[Self]:
        """Open the spools at or below `root`, leaving out those whose `spool.json` is broken."""
        spools = []
        for folder in cls.find_folders(root):
            try:
                spools.append(cls.open(folder))
            except CorruptFileError:
                continue
        return spools

    @property
    def latent(self) -> Path:
        """The folder that becomes the run's artifact folder `latent`."""
        return self.folder / LATENT

    def artifact_folder(self, path: Path) -> str:
        """Return the artifact folder that `path` belongs to, `""` for the run's root.

        Raises:
            InputError: `path` is not inside the spool.
        """
        return self._relative(path).rpartition("/")[0]

    def pending(self) -> list[Path]:
        """Return the whole files that have not arrived in their present version, oldest first."""
        arrived = self._arrived()
        waiting = []
        for path in self._files():
            try:
                version = FileVersion.of(path)
            except FileNotFoundError:  # renamed or replaced since it was listed
                continue
            if arrived.get(self._relative(path)) != version:
                waiting.append((version.mtime_ns, path))
        return [path for _, path in sorted(waiting)]

    def mark_uploaded(self, path: Path, version: FileVersion | None = None) -> None:
        """Write into the journal that a file has arrived.

        Args:
            path: the file.
            version: what was uploaded, where the file may have been replaced meanwhile; the
                version that is there now if not given.
        """
        arrived = version or FileVersion.of(path)
        entry = {
            "path": self._relative(path),
            "size": arrived.size,
            "mtime_ns": arrived.mtime_ns,
        }
        # The newline in front ends a line that a killed process left torn.
        line = f"\n{json.dumps(entry)}\n".encode()
        descriptor = os.open(self._journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, line)
        finally:
            os.close(descriptor)

    @property
    def _journal(self) -> Path:
        return self.folder / JOURNAL_FILE

    def _relative(self, path: Path) -> str:
        absolute = path.parent.resolve() / path.name
        try:
            return absolute.relative_to(self.folder).as_posix()
        except ValueError:
            raise InputError(f"{path} is not inside the spool {self.folder}") from None

    def _files(self) -> Iterator[Path]:
        for folder, _, names in os.walk(self.latent):
            for name in names:
                path = Path(folder, name)
                if not name.endswith(UNFINISHED_SUFFIX) and _is_plain(path):
                    yield path

    def _arrived(self) -> dict[str, FileVersion]:
        arrived = {}
        for line in _lines(self._journal):
            try:
                entry = json.loads(line)
                arrived[str(entry["path"])] = FileVersion(entry["size"], entry["mtime_ns"])
            except (ValueError, KeyError, TypeError):  # torn: that file is uploaded once more
                continue
        return arrived


def absolute_database(tracking_uri: str) -> str:
    """Return an address that means the same SQLite file from every working directory."""
    path, mark, query = tracking_uri.removeprefix(SQLITE).partition("?")
    if not tracking_uri.startswith(SQLITE) or path in {"", ":memory:"}:
        return tracking_uri
    return f"{SQLITE}{Path(path).absolute()}{mark}{query}"


def _folder_name(run_id: str) -> str:
    """Return a name that stays one folder, whatever a tracking server calls its runs."""
    if not run_id.strip():
        raise InputError(f"run_id is {run_id!r}; give the id of an MLflow run, or None")
    name = quote(run_id, safe="")
    return name.replace(".", "%2E") if name.startswith(".") else name


def _unused_folder(root: Path) -> Path:
    number = 1
    while (folder := root / (NO_RUN if number == 1 else f"{NO_RUN}-{number}")).exists():
        number += 1
    return folder


def _write_private(path: Path, text: str) -> None:
    unfinished = path.with_name(f"{path.name}.{os.getpid()}{UNFINISHED_SUFFIX}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    unfinished.replace(path)


def _is_plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
