"""Which kinds of insight there are.

A kind registers itself: one module in `mlflow_latent.insights.kinds`, or, in another package, a
module named by an entry point of the group `mlflow_latent.insights`. A kind may be found in several
ways, one module each. Each finder that tests asks for shares of the report's error budget.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pkgutil import iter_modules

from mlflow_latent.errors import InputError
from mlflow_latent.insights.base import Context, NotApplicableError
from mlflow_latent.report.model import Insight

ENTRY_POINT_GROUP = "mlflow_latent.insights"
Find = Callable[[Context], Iterable[Insight]]


@dataclass(frozen=True)
class InsightKind:
    """One kind of finding.

    Attributes:
        name: e.g. `low_performance`.
        finders: each gives insights of this kind, or raises NotApplicableError; by name, the main
            one, whose name is empty, first.
        tests: whether it makes statistical tests, and so needs a part of the error budget.
        shares: of that budget, by finder.
    """

    name: str
    finders: Mapping[str, Find]
    tests: bool
    shares: Mapping[str, float]


_KINDS: dict[str, InsightKind] = {}


def register(
    name: str, *, tests: bool = True, finder: str = "", shares: float = 1.0
) -> Callable[[Find], Find]:
    """Register the decorated function as the kind of insight `name`.

    Args:
        name: of the kind.
        tests: whether it makes statistical tests, and so needs a part of the error budget.
        finder: name of a further way to find this kind, e.g. `slices`.
        shares: of the budget, of which it gets its shares ÷ those of all finders that test. More
            is for what people most want to know, and pays in power there.

    Raises:
        InputError: another function has that name, the finders disagree on `tests`, or `shares` is
            not positive.
    """
    if not shares > 0:
        raise InputError(f"shares of insight kind {name!r} must be positive, got {shares}")

    def decorate(find: Find) -> Find:
        known = _KINDS.get(name, InsightKind(name, {}, tests, {}))
        other = known.finders.get(finder)
        if other and other.__module__ != find.__module__:
            raise InputError(
                f"insight kind {name!r} is registered by {other.__module__!r} and again by "
                f"{find.__module__!r}"
            )
        if known.tests != tests:
            raise InputError(f"insight kind {name!r} is registered with tests={known.tests} before")
        finders = sorted({**known.finders, finder: find}.items())
        parts = {**known.shares, finder: shares if tests else 0.0}
        _KINDS[name] = InsightKind(name, dict(finders), tests, parts)
        return find

    return decorate


def insight_kinds() -> list[InsightKind]:
    """Return all kinds by name, those of other packages included."""
    package = import_module("mlflow_latent.insights.kinds")
    for module in iter_modules(package.__path__, package.__name__ + "."):
        import_module(module.name)
    for point in entry_points(group=ENTRY_POINT_GROUP):
        _load(point)
    return [_KINDS[name] for name in sorted(_KINDS)]


def _load(point: EntryPoint) -> None:
    """Load another package's kind; one that cannot be loaded becomes a kind that says why."""
    try:
        point.load()
    except Exception as error:  # noqa: BLE001 - whatever is wrong there, the report goes on
        reason = f"{point.value!r} cannot be loaded: {type(error).__name__}: {error}"
        find: Find = partial(_not_loaded, reason=reason)
        _KINDS.setdefault(
            point.name, InsightKind(point.name, {"": find}, tests=False, shares={"": 0.0})
        )


def _not_loaded(_: Context, *, reason: str) -> Iterable[Insight]:
    raise NotApplicableError(reason)
