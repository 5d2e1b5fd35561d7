"""The cache of files: bounded, believing only what it can check, never a file too large."""

from __future__ import annotations

import gzip
import hashlib
import os
import time
from typing import TYPE_CHECKING

from mlflow_latent.server.cache import SETTLED_SECONDS, CachedFile, FileCache
from mlflow_latent.server.versions import FileVersion

if TYPE_CHECKING:
    from pathlib import Path


def put(
    cache: FileCache, path: str, content: bytes, promised: bytes | None = None
) -> CachedFile | None:
    """Send `content` where `promised` was announced."""
    expected = content if promised is None else promised
    digest = hashlib.sha256(expected).hexdigest()
    incoming = cache.incoming()
    incoming.write(content)
    return cache.keep(FileVersion("run", path, len(expected), digest), incoming)


def version(path: str, content: bytes) -> FileVersion:
    return FileVersion("run", path, len(content), hashlib.sha256(content).hexdigest())


def test_what_was_kept_is_found(tmp_path: Path) -> None:
    cache = FileCache(tmp_path / "cache", 10_000)

    kept = put(cache, "latent/a.bin", b"x" * 500)

    assert kept == cache.find(version("latent/a.bin", b"x" * 500))
    assert kept
    assert kept.path.read_bytes() == b"x" * 500
    assert kept.compressed
    assert gzip.decompress(kept.compressed.read_bytes()) == b"x" * 500
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700


def test_another_version_is_another_file(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, 10_000)
    put(cache, "latent/a.bin", b"x" * 500)

    assert cache.find(version("latent/a.bin", b"y" * 500)) is None  # as large, other bytes
    assert cache.find(version("latent/b.bin", b"x" * 500)) is None
    other_run = FileVersion("other", "latent/a.bin", 500, hashlib.sha256(b"x" * 500).hexdigest())
    assert cache.find(other_run) is None


def test_what_is_not_what_was_promised_is_not_kept(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, 10_000)

    assert put(cache, "latent/a.bin", b"short", b"longer") is None
    assert put(cache, "latent/a.bin", b"wrong!", b"right!") is None
    assert list(tmp_path.iterdir()) == []


def test_pictures_are_not_packed_again_nor_what_does_not_shrink(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, 100_000)

    picture = put(cache, "latent/media/s.webp", b"x" * 500)
    noise = put(cache, "latent/a.bin", os.urandom(5000))

    assert picture
    assert noise
    assert picture.compressed is None
    assert noise.compressed is None


def test_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, 10_000)
    contents = {f"latent/{name}.webp": name.encode() * 3000 for name in "abc"}
    long_ago = time.time() - 10 * SETTLED_SECONDS
    for age, (path, content) in enumerate(contents.items()):
        kept = put(cache, path, content)
        assert kept
        os.utime(kept.path, (long_ago + age, long_ago + age))
    assert cache.find(version("latent/a.webp", contents["latent/a.webp"]))  # used now

    put(cache, "latent/d.webp", b"d" * 3000)

    present = [cache.find(version(path, content)) is not None for path, content in contents.items()]
    assert present == [True, False, True]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 10_000


def test_what_somebody_may_be_about_to_open_stays(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, 4000)

    put(cache, "latent/a.webp", b"a" * 3000)
    put(cache, "latent/b.webp", b"b" * 3000)

    assert cache.find(version("latent/a.webp", b"a" * 3000))


def test_a_file_that_would_push_out_all_others_is_not_taken(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, 4000)

    assert cache.takes(FileVersion("run", "latent/a.bin", 1000))
    assert not cache.takes(FileVersion("run", "latent/a.bin", 1001))


def test_what_was_dropped_leaves_nothing(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, 4000)
    incoming = cache.incoming()
    incoming.write(b"half")

    cache.drop(incoming)

    assert list(tmp_path.iterdir()) == []
