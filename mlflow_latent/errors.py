"""The errors this package raises on purpose.

Every message names the argument or file, the value it got, and what it would take.

```
LatentError
├── InputError (also ValueError)      an argument or an array cannot be used as given
│   ├── LayerNotFoundError            no layer of that name in the model
│   ├── EmptySnapshotError            no usable rows are left to analyze
│   └── UnpredictableError            losses cannot be predicted from what was captured
├── StoreError                        a capture file or folder cannot be read
│   ├── CorruptFileError              truncated, or not a Parquet file
│   ├── ForeignFileError              a Parquet file that this package did not write
│   ├── NewerSchemaError              written by a later version of this package
│   └── MissingCaptureError           the run has no captures (of that epoch or layer)
├── TrackingError                     MLflow refused, or cannot be reached
└── CaptureError                      a batch or a layer's output cannot be recorded
```
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class LatentError(Exception):
    """Base of all errors raised on purpose by this package."""


class InputError(LatentError, ValueError):
    """An argument or an array cannot be used as given."""


class EmptySnapshotError(InputError):
    """No usable rows are left to analyze."""


class UnpredictableError(InputError):
    """The losses of samples without labels cannot be predicted from what was captured."""


class LayerNotFoundError(InputError):
    """The model has no layer of that name."""

    def __init__(self, layer: str, known: Iterable[str]) -> None:
        super().__init__(f"layer {layer!r} not found in the model{did_you_mean(layer, known)}")


class StoreError(LatentError):
    """A capture file or folder cannot be read."""


class CorruptFileError(StoreError):
    """A file is truncated, or is not a Parquet file."""


class ForeignFileError(StoreError):
    """A Parquet file was not written by this package."""


class NewerSchemaError(StoreError):
    """A file was written by a later version of this package."""


class MissingCaptureError(StoreError):
    """The run has no captures, or none of the wanted epoch or layer."""


class TrackingError(LatentError):
    """MLflow refused a request, or cannot be reached."""


class CaptureError(LatentError):
    """A batch or a layer's output cannot be recorded."""


def did_you_mean(value: str, known: Iterable[str], limit: int = 8) -> str:
    """Return `; did you mean 'x'?`, or the known values, for the end of an error message."""
    options = sorted(known)
    close = get_close_matches(value, options, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    if not options:
        return "; there are none"
    more = ", …" if len(options) > limit else ""
    return f"; there are: {', '.join(repr(option) for option in options[:limit])}{more}"
