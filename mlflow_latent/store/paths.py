"""Where the files of a run's captures are, and how they are marked as ours."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from mlflow_latent.errors import InputError
from mlflow_latent.schema import METADATA_KEY, CaptureInfo

if TYPE_CHECKING:
    from pathlib import Path

LATENT = "latent"  # the artifact folder that everything of ours is under


def captures_in(folder: Path) -> Path:
    """Return the folder of captures; a spool holds them one level down, and may be named too.

    Raises:
        InputError: it is not a folder.
    """
    if not folder.is_dir():
        raise InputError(f"{str(folder)!r} is not a folder of captures")
    inner = folder / LATENT
    return inner if inner.is_dir() else folder


def samples_shard(root: Path, split: str, rank: int = 0) -> Path:
    """Return where the static rows of `split` are, as written by process `rank`."""
    return root / "samples" / _split_folder(split) / f"rank{rank}.parquet"


def captures_shard(root: Path, epoch: int, split: str, rank: int = 0) -> Path:
    """Return where the rows of `split` at `epoch` are, as written by process `rank`."""
    return root / "captures" / f"epoch={epoch:05d}" / _split_folder(split) / f"rank{rank}.parquet"


def file_metadata(info: CaptureInfo) -> dict[bytes, bytes]:
    """Return the Parquet file metadata that marks a file as ours."""
    return {METADATA_KEY: info.model_dump_json().encode()}


def _split_folder(split: str) -> str:
    return f"split={quote(split, safe='')}"
