"""Files that were passed through once, on this machine's disk: bounded, shared by all workers."""

from __future__ import annotations

import gzip
import hashlib
import logging
import os
import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

_logger = logging.getLogger(__name__)

COMPRESSED = ".gz"
COMPRESSIBLE = {".bin", ".json", ".csv", ".txt", ".html", ".svg"}
GZIP_LEVEL = 1  # higher ones save a few percent of columns that are packed already, and wait longer
WORTH_COMPRESSING = 0.95  # of the size; else the browser's work is for nothing
LARGEST_SHARE = 4  # a file of more than a quarter of the cache is passed through without it
SETTLED_SECONDS = 60.0  # nobody is about to open what was not used for so long
_INCOMING = ".incoming-"


class Version(Protocol):
    """What the cache must know of a file."""

    @property
    def key(self) -> str: ...  # noqa: D102 - a name of its own
    @property
    def path(self) -> str: ...  # noqa: D102 - of the artifact
    @property
    def size(self) -> int: ...  # noqa: D102 - bytes
    @property
    def digest(self) -> str | None: ...  # noqa: D102 - SHA-256, where known


@dataclass(frozen=True)
class CachedFile:
    """A file in the cache.

    Attributes:
        path: its bytes.
        compressed: the same as gzip, if that is worth it.
    """

    path: Path
    compressed: Path | None


class FileCache:
    """A folder of files by version; the least recently used ones go first.

    Args:
        folder: where; made when needed, for this user only.
        limit: bytes it may hold.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder, self._limit = folder, limit

    def takes(self, version: Version) -> bool:
        """Whether a file of that size is kept at all."""
        return version.size * LARGEST_SHARE <= self._limit

    def find(self, version: Version) -> CachedFile | None:
        """Return the file, if that version is here whole."""
        path = self._folder / version.key
        try:
            if path.stat().st_size != version.size:
                return None
            os.utime(path)
        except OSError:
            return None
        compressed = path.with_name(path.name + COMPRESSED)
        return CachedFile(path, compressed if compressed.is_file() else None)

    def incoming(self) -> IO[bytes]:
        """Open a file for bytes that are arriving; `keep` or `drop` it then.

        Raises:
            OSError: the folder cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return tempfile.NamedTemporaryFile(dir=self._folder, prefix=_INCOMING, delete=False)

    def keep(self, version: Version, file: IO[bytes]) -> CachedFile | None:
        """Take what arrived, if it is what was promised; returns None if it is not."""
        file.close()
        arrived = Path(file.name)
        if not _is(version, arrived):
            arrived.unlink()
            return None
        target = self._folder / version.key
        if Path(version.path).suffix in COMPRESSIBLE:
            _compress(arrived, target.with_name(target.name + COMPRESSED))
        arrived.replace(target)
        self._shrink()
        return self.find(version)

    def drop(self, file: IO[bytes]) -> None:
        """Forget what arrived."""
        file.close()
        Path(file.name).unlink(missing_ok=True)

    def _shrink(self) -> None:
        files = sorted(self._files(), key=lambda entry: entry[1])
        excess = sum(size for _, _, size in files) - self._limit
        for path, used, size in files:
            if excess <= 0 or time.time() - used < SETTLED_SECONDS:
                return
            path.unlink(missing_ok=True)
            excess -= size

    def _files(self) -> Iterator[tuple[Path, float, int]]:
        for path in self._folder.iterdir():
            with suppress(OSError):  # another worker removed it
                status = path.stat()
                yield path, status.st_mtime, status.st_size


def _is(version: Version, path: Path) -> bool:
    if path.stat().st_size != version.size:
        return False
    if version.digest is None:
        return True
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == version.digest


def _compress(source: Path, target: Path) -> None:
    incoming = source.with_name(source.name + COMPRESSED)
    with source.open("rb") as plain, gzip.open(incoming, "wb", compresslevel=GZIP_LEVEL) as packed:
        shutil.copyfileobj(plain, packed, 1 << 20)
    if incoming.stat().st_size < WORTH_COMPRESSING * source.stat().st_size:
        incoming.replace(target)
    else:
        incoming.unlink()
