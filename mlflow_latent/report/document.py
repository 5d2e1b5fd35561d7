"""What all documents share: frozen, no unknown keys, no NaN, the same input gives the same bytes.

Numbers are kept to six significant digits. A document is read back only if this package knows its
version.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self, TypeVar

import pandas as pd
from pydantic import AfterValidator, BaseModel, ConfigDict, PrivateAttr, ValidationError

from mlflow_latent.errors import CorruptFileError, NewerSchemaError

if TYPE_CHECKING:
    from pathlib import Path

SIGNIFICANT_DIGITS = 6


def _rounded(value: float) -> float:
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")


Number = Annotated[float, AfterValidator(_rounded)]
Interval = tuple[Number | None, Number | None]
"""Lower and upper bound at the document's `confidence`; null is "not bounded"."""


class Document(BaseModel):
    """Base of all documents and of their parts."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def to_json(self) -> str:
        """Return the document as JSON: the same document gives the same bytes."""
        return json.dumps(self.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"


Read = TypeVar("Read", bound=Document)


def read_document(kind: type[Read], path: Path, version: int, what: str) -> Read:
    """Read a document that `to_json` wrote.

    Args:
        kind: what it is.
        path: its file.
        version: the highest `schema_version` that is known.
        what: it is called, e.g. `a report`.

    Raises:
        NewerSchemaError: a later version of this package wrote it.
        CorruptFileError: the file is missing, or something else.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        found = int(content["schema_version"])
        if found > version:
            raise NewerSchemaError(
                f"{path} has schema version {found}, this package reads up to {version}; "
                "upgrade mlflow-latent"
            )
        return kind.model_validate(content)
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        raise CorruptFileError(f"{path} is not {what}: {error}") from None


class SampledDocument(Document):
    """A document with a table of samples in a file beside it.

    Two are equal if they say the same; their tables follow from the same data.

    Attributes:
        called: what it is, with its article.
        file: where the document stands in its folder.
        samples_file: where its table does, as Parquet.
        version: the highest `schema_version` that is read.
    """

    called: ClassVar[str]
    file: ClassVar[str]
    samples_file: ClassVar[str] = "samples.parquet"
    version: ClassVar[int]

    _samples: pd.DataFrame | None = PrivateAttr(default=None)

    def __eq__(self, other: object) -> bool:
        """Compare the documents, not their tables."""
        return isinstance(other, type(self)) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        """As equal documents are equal text."""
        return hash(self.to_json())

    @property
    def samples(self) -> pd.DataFrame:
        """Its table, one row per sample."""
        if self._samples is None:
            what = self.called.partition(" ")[2]
            raise AttributeError(f"this {what} was read without its {self.samples_file}")
        return self._samples

    def with_samples(self, samples: pd.DataFrame) -> Self:
        """Return this document with its table attached."""
        document = self.model_copy()
        document._samples = samples  # noqa: SLF001 - same class
        return document

    def save(self, folder: Path) -> list[Path]:
        """Write the document and its table into `folder` and return their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        document, table = folder / self.file, folder / self.samples_file
        document.write_text(self.to_json(), encoding="utf-8")
        if self._samples is None:
            return [document]
        self._samples.to_parquet(table, index=False, compression="zstd")
        return [document, table]

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a document back from the folder that `save` wrote.

        Raises:
            NewerSchemaError: a later version of this package wrote it.
            CorruptFileError: the file is missing, or something else.
        """
        document = read_document(cls, folder / cls.file, cls.version, cls.called)
        table = folder / cls.samples_file
        return document.with_samples(pd.read_parquet(table)) if table.exists() else document
