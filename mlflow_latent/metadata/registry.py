"""Which metadata functions there are.

A function registers itself: one module in `mlflow_latent.metadata.functions`, or, in another
package, a module named by an entry point of the group `mlflow_latent.metadata`.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from typing import Any, Literal, TypeVar

import numpy as np

from mlflow_latent.errors import InputError

ENTRY_POINT_GROUP = "mlflow_latent.metadata"
Source = Literal["image", "objects", "segments"]
"""What a function reads: `Pixels`, `Objects` or `Segments`."""
Value = float | int | bool | str | None
"""Of one field of one sample; None where it is missing."""
Function = TypeVar("Function", bound=Callable[[Any], Any])
_VARIABLE = re.compile(r"<\w+>")


@dataclass(frozen=True)
class Quantity:
    """What the values of a field are.

    Attributes:
        unit: e.g. `degrees`, `share of the image's area`.
        least: the smallest value there can be.
        greatest: the largest value there can be.
    """

    unit: str
    least: float = -math.inf
    greatest: float = math.inf


@dataclass(frozen=True)
class MetadataFunction:
    """One registered function.

    Attributes:
        name: of the function.
        source: what it reads.
        fields: what it returns, by field name; `count_<class>` stands for one field per class.
        function: the function itself.
    """

    name: str
    source: Source
    fields: Mapping[str, Quantity]
    function: Callable[[Any], Any]

    def __call__(self, value: Any) -> dict[str, Value]:
        """Return the fields of one sample; what is not a finite number is None."""
        found = self.function(value)
        if not isinstance(found, Mapping):
            found = {next(iter(self.fields)): found}
        return {str(name): as_value(field) for name, field in found.items()}

    def quantity(self, field: str) -> Quantity | None:
        """Return what the values of `field` are, None if this function has no such field."""
        if field in self.fields:
            return self.fields[field]
        patterns = (name for name in self.fields if _VARIABLE.search(name))
        return next((self.fields[name] for name in patterns if _matches(name, field)), None)


_FUNCTIONS: dict[str, MetadataFunction] = {}


def register(source: Source, fields: Mapping[str, Quantity]) -> Callable[[Function], Function]:
    """Register the decorated function; it stays as it is.

    Args:
        source: what it reads: `image` (`Pixels`), `objects` (`Objects`) or `segments` (`Segments`).
        fields: what it returns. With one field it may return the value alone, else a mapping of
            field names to values. `count_<class>` stands for one field per class.

    Raises:
        InputError: another function has that name, or one of these fields.
    """

    def decorate(function: Function) -> Function:
        name = function.__name__
        for other in _FUNCTIONS.values():
            shared = sorted({f"{name}()", *fields} & {f"{other.name}()", *other.fields})
            if shared and other.function.__module__ != function.__module__:
                raise InputError(
                    f"metadata {shared[0]!r} is registered by {other.function.__module__!r} and "
                    f"again by {function.__module__!r}"
                )
        _FUNCTIONS[name] = MetadataFunction(name, source, dict(fields), function)
        return function

    return decorate


def metadata_functions(source: Source | None = None) -> list[MetadataFunction]:
    """Return all functions by name, those of other packages included, or those of one source."""
    _discover()
    found = [_FUNCTIONS[name] for name in sorted(_FUNCTIONS)]
    return [function for function in found if source in {None, function.source}]


def describe(source: Source, value: Any) -> dict[str, Value]:
    """Return all fields that the registered functions make of one sample's image or annotation.

    Args:
        source: what `value` is.
        value: a `Pixels`, an `Objects` or a `Segments`.
    """
    fields: dict[str, Value] = {}
    for function in metadata_functions(source):
        fields.update(function(value))
    return fields


def as_value(value: Any) -> Value:
    """Return a plain Python value, None for what is missing: None, NaN and infinity."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise InputError(
        f"a metadata value must be a number, a boolean, text or None, got {type(value).__name__}"
    )


@functools.cache
def _discover() -> None:
    package = import_module("mlflow_latent.metadata.functions")
    for module in iter_modules(package.__path__, package.__name__ + "."):
        import_module(module.name)
    for point in entry_points(group=ENTRY_POINT_GROUP):
        point.load()


def _matches(pattern: str, field: str) -> bool:
    parts = [re.escape(part) for part in _VARIABLE.split(pattern)]
    return re.fullmatch(".+".join(parts), field) is not None
