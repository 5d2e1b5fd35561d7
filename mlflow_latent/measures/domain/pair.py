"""`DomainPair`: two samples of one space, and all that is measured between them, each once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

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
from mlflow_latent.measures.landmarks import choose_landmarks
from mlflow_latent.measures.reduction import fit_reduction

if TYPE_CHECKING:
    from numpy.typing import NDArray

FITTED_ROWS = 6_000  # on which the axes are fitted; all samples are placed
AREA_PERMUTATIONS = 199  # that give the interval of the AUC, where it was not tested before
MIN_TESTED = 5  # samples of either: of fewer, permutations cannot tell, nor folds be held out


class DomainPair:
    """What separates a target sample from a source sample; nothing is computed before it is asked.

    The two have a space of their own. In one that is fitted on more sets, an axis that two of them
    share with a third would also hold their chance difference, and pass it for a true one.

    Args:
        source: (n, D) float32 embeddings.
        target: (m, D) embeddings of the same layer.
        n_components: principal components kept of the scaled embedding.
        confidence: of the intervals.
        components: in which distances are measured; default as many as the smaller one can bear.
        random_state: seed of all that is drawn.
    """

    def __init__(
        self,
        source: NDArray[np.float32],
        target: NDArray[np.float32],
        *,
        n_components: int = 50,
        confidence: float = 0.95,
        components: int | None = None,
        random_state: int = 0,
    ) -> None:
        codes = np.repeat([0, 1], [len(source), len(target)])
        rows = choose_landmarks(codes, FITTED_ROWS, random_state)
        split = int(np.searchsorted(rows, len(source)))
        fitted = np.concatenate([source[rows[:split]], target[rows[split:] - len(source)]])
        self._reduction = fit_reduction(fitted, codes[rows], n_components, random_state)
        self.source, self.target = self.place(source), self.place(target)
        self.components = components
        self._tests: dict[int, tuple[TwoSampleTest, TwoSampleTest]] = {}
        self.confidence, self.random_state = confidence, random_state

    def place(self, embedding: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (N, d) coordinates of embeddings in the space of both."""
        return self._reduction.apply(embedding)

    @property
    def testable(self) -> bool:
        """Whether both samples have `MIN_TESTED` rows or more."""
        return min(len(self.source), len(self.target)) >= MIN_TESTED

    def tests(self, permutations: int = PERMUTATIONS) -> tuple[TwoSampleTest, TwoSampleTest]:
        """Ask the classifier and the kernel whether both are of one distribution, once."""
        if permutations not in self._tests:
            seed = self.random_state
            self._tests[permutations] = (
                classifier_test(
                    self.source, self.target, permutations=permutations, random_state=seed
                ),
                kernel_test(self.source, self.target, permutations=permutations, random_state=seed),
            )
        return self._tests[permutations]

    def area(self) -> tuple[float, float, float]:
        """How often the classifier tells which is which, with the ends of the interval."""
        tested = next(iter(self._tests.values()), None) or self.tests(AREA_PERMUTATIONS)
        return self.separator.area(self.confidence, tested[0].chance[1])

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
                components=self.components,
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
