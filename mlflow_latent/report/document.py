"""What all documents share: frozen, no unknown keys, no NaN, the same input gives the same bytes.

Numbers are kept to six significant digits. A document is read back only if this package knows its
version.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

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
