"""`DomainPair`: two samples of one space, and all that is measured between them, each once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from mlflow_latent.measures.domain.coverage import RegionCounts, count_regions
from mlflow_latent.measures.domain.distances import DISTANCES, MIN_ROWS, Distance, measure_distance
from mlflow_latent.measures.domain.reach import Reach
from mlflow_latent.measures.domain.separator import Separator
from mlflow_latent.measures.domain.two_sample import (
    PERMUTATIONS,
    TwoSampleTest,
    classifier_test,
    kernel_test,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MIN_TESTED = 5  # samples of either: of fewer, permutations cannot tell, nor folds be held out


class DomainPair:
    """What separates a target sample from a source sample; nothing is computed before it is asked.

    Args:
        source: (n, d) float32 coordinates in a reduced embedding.
        target: (m, d) coordinates in the same one.
        confidence: of the intervals.
        axes: (d, k) in which distances are measured; default `common_axes` of both.
        random_state: seed of all that is drawn.
    """

    def __init__(
        self,
        source: NDArray[np.float32],
        target: NDArray[np.float32],
        *,
        confidence: float = 0.95,
        axes: NDArray[np.float64] | None = None,
        random_state: int = 0,
    ) -> None:
        self.source, self.target = source, target
        self.axes = axes
        self.confidence, self.random_state = confidence, random_state

    @property
    def testable(self) -> bool:
        """Whether both samples have `MIN_TESTED` rows or more."""
        return min(len(self.source), len(self.target)) >= MIN_TESTED

    def tests(self, permutations: int = PERMUTATIONS) -> tuple[TwoSampleTest, TwoSampleTest]:
        """Ask the classifier and the kernel whether both are of one distribution."""
        arguments = {"permutations": permutations, "random_state": self.random_state}
        return (
            classifier_test(self.source, self.target, **arguments),
            kernel_test(self.source, self.target, **arguments),
        )

    @cached_property
    def separator(self) -> Separator:
        """The cross-validated classifier."""
        return Separator.fit(self.source, self.target, self.random_state)

    @cached_property
    def belonging(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(n,) and (m,) how much each sample looks like the source rather than the target, 0…1."""
        return (
            self.separator.belonging(self.source, fitted=0),
            self.separator.belonging(self.target, fitted=1),
        )

    @cached_property
    def distances(self) -> tuple[Distance, ...]:
        """How far they are apart, by each of `DISTANCES`; none of fewer than `MIN_ROWS` samples."""
        if min(len(self.source), len(self.target)) < MIN_ROWS:
            return ()
        return tuple(
            measure_distance(
                name,
                self.source,
                self.target,
                axes=self.axes,
                confidence=self.confidence,
                random_state=self.random_state,
            )
            for name in DISTANCES
        )

    @cached_property
    def reached_by_source(self) -> NDArray[np.float32]:
        """(m,) distance of each target sample from the source ÷ what is usual; reached up to 1."""
        return Reach.of(self.source, self.random_state).ratio(self.target)

    @cached_property
    def reached_by_target(self) -> NDArray[np.float32]:
        """(n,) distance of each source sample from the target ÷ what is usual; reached up to 1."""
        return Reach.of(self.target, self.random_state).ratio(self.source)

    @cached_property
    def regions(self) -> RegionCounts:
        """Regions of both, and how often each visits them."""
        return count_regions(
            self.source, self.target, confidence=self.confidence, random_state=self.random_state
        )
