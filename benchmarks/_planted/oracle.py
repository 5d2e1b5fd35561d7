"""What is possible: the same tests, given the true samples.

A planted region of thirty samples whose losses are 1.5 × the rest's cannot be told from luck by
anyone who keeps to an error budget. The oracle says where that is so: it is told which samples were
planted and need only pay for having looked at as many regions as an analysis looks at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from mlflow_latent.insights.gaps import GapTest
from mlflow_latent.insights.registry import insight_kinds
from mlflow_latent.insights.scores import Scores

if TYPE_CHECKING:
    from _planted.space import Space

ERROR_BUDGET, REGIONS = 0.05, 50  # of a report; regions that are looked at


def level(kind: str) -> float:
    """P-value from which the main finder of a kind would speak of one region."""
    kinds = {one.name: one for one in insight_kinds()}
    total = sum(sum(one.shares.values()) for one in kinds.values())
    return ERROR_BUDGET * kinds[kind].shares[""] / total / REGIONS


def is_worse(space: Space, truth: np.ndarray) -> bool:
    """Whether losses of val are visibly larger inside."""
    inside = truth[space.val].astype(np.int64)
    return bool(Scores.of(space.loss[space.val]).larger(inside, 2)[1] <= level("low_performance"))


def is_overfitted(space: Space, truth: np.ndarray) -> bool:
    """Whether the gap between train and val is visibly larger inside."""
    test = GapTest.of(space.loss[space.val], space.loss[~space.val])
    p_value = test.p_value(truth[space.val], truth[~space.val])
    return bool(p_value <= level("overfitting"))


def is_misrepresented(space: Space, truth: np.ndarray) -> bool:
    """Whether train and val visibly hold other shares."""
    table = [[int((truth & (space.val == val)).sum()) for val in (0, 1)]]
    table.append([int((~truth & (space.val == val)).sum()) for val in (0, 1)])
    return bool(stats.fisher_exact(table).pvalue <= level("over_representation"))
