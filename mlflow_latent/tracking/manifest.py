"""The manifest of an analysis: written last, so that an interrupted upload is never shown."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from mlflow_latent.errors import CorruptFileError, NewerSchemaError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MANIFEST_FILE = "manifest.json"
MANIFEST_VERSION = 1


class ManifestFile(BaseModel):
    """A file of the analysis, by its path in the analysis folder."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    path: str
    size: int
    sha256: str

    def matches(self, path: Path) -> bool:
        """Whether the file at `path` is this one, byte for byte."""
        return path.is_file() and path.stat().st_size == self.size and _digest(path) == self.sha256


class Manifest(BaseModel):
    """What a complete analysis consists of."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_version: int = MANIFEST_VERSION
    epoch: int
    files: tuple[ManifestFile, ...]

    @classmethod
    def of(cls, folder: Path, files: Iterable[Path], epoch: int) -> Self:
        """Describe the `files` in `folder`."""
        entries = [
            ManifestFile(
                path=path.relative_to(folder).as_posix(),
                size=path.stat().st_size,
                sha256=_digest(path),
            )
            for path in sorted(files)
        ]
        return cls(epoch=epoch, files=tuple(entries))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a manifest back.

        Raises:
            CorruptFileError: the file is not a manifest.
            NewerSchemaError: a later version of this package wrote it.
        """
        try:
            manifest = cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            reason = str(error).splitlines()[0]
            raise CorruptFileError(f"{path} is not the manifest of an analysis: {reason}") from None
        if manifest.schema_version > MANIFEST_VERSION:
            raise NewerSchemaError(
                f"{path} has schema version {manifest.schema_version}, this package reads up to "
                f"{MANIFEST_VERSION}; upgrade mlflow-latent"
            )
        return manifest

    def named(self, name: str) -> ManifestFile | None:
        """Return the entry of a file, if the analysis has it."""
        return next((entry for entry in self.files if entry.path == name), None)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
