"""Who may spend how much of the error budget.

Finders that test begin with their shares. What one cannot use, because it is not applicable, goes
to the others; so does the share of one that has found something, since a second error does not make
another report wrong: weighted Holm (1979) over the finders. Where there is nothing to find, the
chance of any finding stays what it was.
"""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mlflow_latent.insights.base import NotApplicableError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlflow_latent.insights.base import Context
    from mlflow_latent.insights.registry import Find, InsightKind
    from mlflow_latent.report.model import Insight


class InsightWarning(UserWarning):
    """A kind of insight has failed; the others are not harmed."""


@dataclass(frozen=True)
class Answer:
    """What a finder said when it was last asked.

    Attributes:
        find: the finder.
        shares: of the budget that it asks for; 0 if it does not test.
        found: its insights.
        reason: why it is not applicable, or how it failed, if so.
        tests: how many tests it made, by kind.
        smallest: the smallest q-value that it has seen: with a smaller part of the budget it finds
            nothing. 0 where it has not been asked, or keeps its q-values to itself.
        notes: what it says beside its insights.
    """

    find: Find
    shares: float
    found: tuple[Insight, ...] = ()
    reason: str | None = None
    tests: Counter[str] = field(default_factory=Counter)
    smallest: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def is_silent(self) -> bool:
        """Whether it tested and found nothing, so that more of the budget may help."""
        return self.shares > 0 and not self.found and self.reason is None

    def again(self, context: Context, alpha: float) -> Answer:
        """Ask with so much of the budget, unless that cannot change the answer.

        One finder's defect, perhaps another package's, is its own reason and costs no other kind.
        """
        if alpha < self.smallest:
            return self
        own = context.with_alpha(alpha)
        found: tuple[Insight, ...] = ()
        reason = None
        try:
            found = tuple(self.find(own))
        except NotApplicableError as error:
            reason = str(error)
        except Exception as error:  # noqa: BLE001 - see above
            reason = f"it failed, which is a defect: {type(error).__name__}: {error}"
            warnings.warn(
                f"mlflow-latent: {self.find.__module__} {reason}", InsightWarning, stacklevel=2
            )
        smallest = min(own.smallest, default=0.0)
        return replace(
            self,
            found=found,
            reason=reason,
            tests=own.tests,
            smallest=smallest,
            notes=tuple(own.notes),
        )


def ask(
    kinds: Iterable[InsightKind], context: Context
) -> list[tuple[InsightKind, tuple[Answer, ...]]]:
    """Ask all finders, and those that found nothing again when others leave them their shares.

    Args:
        kinds: with their finders.
        context: of which each finder is given a copy, with its part of the budget.

    Returns:
        The kinds with the answers of their finders, each in its order.
    """
    asked = [
        (kind, Answer(find, kind.shares[name]))
        for kind in kinds
        for name, find in kind.finders.items()
    ]
    answers = [answer for _, answer in asked]
    waiting = list(range(len(answers)))
    while waiting:
        total = sum(answers[place].shares for place in waiting)
        for place in waiting:
            part = answers[place].shares / total if total else 0.0
            answers[place] = answers[place].again(context, context.options.error_budget * part)
        silent = [place for place in waiting if answers[place].is_silent]
        left = sum(answers[place].shares for place in silent) < total
        waiting = silent if left else []
    return _by_kind([kind for kind, _ in asked], answers)


def _by_kind(
    kinds: Iterable[InsightKind], answers: Iterable[Answer]
) -> list[tuple[InsightKind, tuple[Answer, ...]]]:
    families: dict[str, tuple[InsightKind, tuple[Answer, ...]]] = {}
    for kind, answer in zip(kinds, answers, strict=True):
        _, before = families.get(kind.name, (kind, ()))
        families[kind.name] = kind, (*before, answer)
    return list(families.values())
