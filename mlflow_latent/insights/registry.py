"""Which kinds of insight there are.

A kind registers itself: one module in `mlflow_latent.insights.kinds`, or, in another package, a
module named by an entry point of the group `mlflow_latent.insights`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules

from mlflow_latent.errors import InputError
from mlflow_latent.insights.base import Context
from mlflow_latent.report.model import Insight

ENTRY_POINT_GROUP = "mlflow_latent.insights"
Find = Callable[[Context], Iterable[Insight]]


@dataclass(frozen=True)
class InsightKind:
    """One kind of finding.

    Attributes:
        name: e.g. `low_performance`.
        find: gives the insights of this kind, or raises NotApplicableError.
        tests: whether it makes statistical tests, and so needs a share of the error budget.
    """

    name: str
    find: Find
    tests: bool


_KINDS: dict[str, InsightKind] = {}


def register(name: str, *, tests: bool = True) -> Callable[[Find], Find]:
    """Register the decorated function as the kind of insight `name`.

    Raises:
        InputError: another function has that name.
    """

    def decorate(find: Find) -> Find:
        known = _KINDS.get(name)
        if known and known.find.__module__ != find.__module__:
            raise InputError(
                f"insight kind {name!r} is registered by {known.find.__module__!r} and again by "
                f"{find.__module__!r}"
            )
        _KINDS[name] = InsightKind(name, find, tests)
        return find

    return decorate


def insight_kinds() -> list[InsightKind]:
    """Return all kinds by name, those of other packages included."""
    package = import_module("mlflow_latent.insights.kinds")
    for module in iter_modules(package.__path__, package.__name__ + "."):
        import_module(module.name)
    for point in entry_points(group=ENTRY_POINT_GROUP):
        point.load()
    return [_KINDS[name] for name in sorted(_KINDS)]
