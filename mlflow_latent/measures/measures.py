"""`Measures`: each derived quantity of a snapshot, computed once, when first asked for."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from threading import Thread
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlflow_latent.columns import as_matrix
from mlflow_latent.errors import InputError, UnpredictableError
from mlflow_latent.measures.class_codes import ClassCodes
from mlflow_latent.measures.classes import class_distances
from mlflow_latent.measures.clusters import Clusters, Level, find_clusters, region_counts
from mlflow_latent.measures.domain.pair import DomainPair
from mlflow_latent.measures.duplicates import Duplicates, find_duplicates
from mlflow_latent.measures.dynamics import learning_dynamics
from mlflow_latent.measures.gaps import RegionGap, region_gap
from mlflow_latent.measures.islands import find_islands
from mlflow_latent.measures.label_quality import LabelQuality, label_quality
from mlflow_latent.measures.landmarks import choose_landmarks
from mlflow_latent.measures.layouts import compile_umap
from mlflow_latent.measures.neighbors import Neighbors, find_neighbors
from mlflow_latent.measures.options import MeasureOptions
from mlflow_latent.measures.outliers import Outliers, find_outliers, in_rare_class
from mlflow_latent.measures.predicted_loss import PredictedLoss, predict_losses
from mlflow_latent.measures.projection import (
    MIN_LAYOUT_ROWS,
    Projection,
    fit_projection,
    needs_layout,
    project,
)
from mlflow_latent.measures.reduction import (
    Reduction,
    fit_reduction,
)
from mlflow_latent.measures.spacing import Spacing, measure_spacing
from mlflow_latent.measures.strangers import unlikeliness
from mlflow_latent.schema import SPLIT, TARGET

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mlflow_latent.snapshot import Snapshot

TRAIN, VAL = "train", "val"
LARGEST_SQUARABLE = 1e15  # of it, squares of differences over 10,000 columns fit into float32
MAX_VOTES = 20_000_000_000  # samples × classes; more take minutes, and such classes are mostly ids


class Measures:
    """Derived quantities of a snapshot, lazy and cached; insights need not wait for the projection.

    Example:
        >>> import numpy as np
        >>> from mlflow_latent.snapshot import Snapshot
        >>> blobs = np.repeat([[0.0, 0.0], [9.0, 9.0]], 100, axis=0)
        >>> noise = np.random.default_rng(0).normal(size=blobs.shape)
        >>> snapshot = Snapshot.from_arrays(
        ...     sample_id=np.arange(200), split="val", embedding=blobs + noise
        ... )
        >>> measures = Measures(snapshot, MeasureOptions(n_coarse=2, projection="pca"))
        >>> measures.clusters["coarse"].sizes.tolist()
        [100, 100]
    """

    def __init__(self, snapshot: Snapshot, options: MeasureOptions | None = None) -> None:
        self.snapshot = snapshot
        self.options = options or MeasureOptions()
        self._compilation: Thread | None = None
        self.predicted: dict[str, PredictedLoss | UnpredictableError] = {}

    def warm_up(self) -> None:
        """Start compiling UMAP in the background, if it will be needed: call it early."""
        if self.options.projection != "umap" or len(self.snapshot) < MIN_LAYOUT_ROWS:
            return
        if self._compilation is None:
            import umap.umap_  # noqa: F401 - here, because imports in two threads can deadlock

            self._compilation = Thread(target=compile_umap, name="mlflow-latent-compile")
            self._compilation.start()

    @cached_property
    def splits(self) -> tuple[str, ...]:
        """The S splits that have rows, train first."""
        return tuple(self.snapshot.splits)

    @cached_property
    def split_codes(self) -> NDArray[np.intp]:
        """(N,) number of each row's split in `splits`."""
        codes = pd.Categorical(self.snapshot.frame[SPLIT], categories=list(self.splits)).codes
        return codes.astype(np.intp)

    @cached_property
    def reduction(self) -> Reduction:
        """The fitted scaling and PCA."""
        options = self.options
        return fit_reduction(
            self.snapshot.embedding, self.split_codes, options.n_components, options.random_state
        )

    @cached_property
    def reduced(self) -> NDArray[np.float32]:
        """(N, d) float32: scaled, PCA, median norm 1; Euclidean distances mean something."""
        return self.reduction.apply(self.snapshot.embedding)

    @cached_property
    def _squarable(self) -> NDArray[np.float32]:
        """The embedding in a unit in which squared distances are float32 numbers; mostly its own.

        A power of two, so that equal stays equal.
        """
        embedding = self.snapshot.embedding
        largest = max(float(embedding.max()), -float(embedding.min()))
        if largest <= LARGEST_SQUARABLE:
            return embedding
        return np.ldexp(embedding, -int(np.log2(largest)))

    @cached_property
    def neighbors(self) -> Neighbors:
        """The one neighbor graph."""
        return find_neighbors(
            self.reduced,
            self.options.n_neighbors,
            random_state=self.options.random_state,
            min_recall=self.options.min_recall,
        )

    @cached_property
    def spacing(self) -> Spacing:
        """How far neighbors are, at the scale of their surroundings."""
        return measure_spacing(
            self.neighbors, self.reduced, self.snapshot.embedding, self.reduction
        )

    @cached_property
    def duplicates(self) -> Duplicates:
        """Samples that are copies of one another, whatever their splits."""
        return find_duplicates(self.spacing, self.snapshot.codes(TARGET))

    @cached_property
    def islands(self) -> NDArray[np.int32]:
        """(N,) number of the small group, apart from all others, of each sample; −1 for none."""
        return find_islands(self.neighbors, self.snapshot.codes(TARGET))

    @cached_property
    def outliers(self) -> Outliers:
        """How far samples are from all others."""
        return find_outliers(self.spacing, self._squarable)

    @cached_property
    def in_rare_class(self) -> NDArray[np.bool_]:
        """(N,) samples that are far from the others as few are like them, and labelled so."""
        target = self.snapshot.codes(TARGET)
        if target is None:
            return np.zeros(len(self.snapshot), dtype=bool)
        return in_rare_class(self.reduced, target, self.spacing.k)

    @cached_property
    def unlikeliness(self) -> NDArray[np.float64]:
        """(N,) how far samples are off the directions in which they differ."""
        return unlikeliness(self.reduced)

    @cached_property
    def landmarks(self) -> NDArray[np.intp]:
        """(L,) rows that clusters and projection are fitted on, ascending."""
        return choose_landmarks(
            self.split_codes, self.options.n_landmarks, self.options.random_state
        )

    @cached_property
    def clusters(self) -> dict[Level, Clusters]:
        """Coarse and fine regions, from embeddings alone."""
        counts = region_counts(len(self.snapshot), self._tested_rows(), self.options)
        return {
            level: find_clusters(self.reduced, self.landmarks, level, count, self.options)
            for level, count in counts.items()
        }

    @cached_property
    def gap(self) -> dict[Level, RegionGap]:
        """Samples and mean loss of each region by split."""
        loss = self.snapshot.loss
        return {
            level: region_gap(regions, self.split_codes, self.splits, loss)
            for level, regions in self.clusters.items()
        }

    @cached_property
    def projection(self) -> NDArray[np.float32] | None:
        """(N, 2) float32 within −1 … 1, aspect kept; None where the options ask for none."""
        if self._projection is None:
            return None
        return project(self._projection, self.reduced, self.landmarks)

    @cached_property
    def principal(self) -> NDArray[np.float32] | None:
        """(N, 2) float32 the first principal components, within −1 … 1.

        None where the projection is these already, or none is asked for.
        """
        if not needs_layout(self.reduced, self.options):
            return None
        linear = replace(self.options, projection="pca")
        fitted = fit_projection(self.reduced, self.neighbors, self.landmarks, linear)
        return project(fitted, self.reduced, self.landmarks)

    def place(self, embedding: ArrayLike) -> NDArray[np.float32]:
        """Place new samples in the projection.

        Args:
            embedding: (M, D) of the same layer.

        Returns:
            (M, 2) float32; PCA may place outliers beyond −1 … 1.

        Raises:
            InputError: another number of columns, NaN or infinity, or there is no projection.
        """
        vectors = as_matrix("embedding", embedding)
        columns = self.snapshot.embedding.shape[1]
        if vectors.shape[1] != columns:
            raise InputError(f"embedding must have {columns} columns, got {vectors.shape[1]}")
        if not np.isfinite(vectors).all():
            raise InputError("embedding holds NaN or infinity; leave those rows out")
        if self._projection is None:
            raise InputError(
                "projection is 'none'; choose 'umap', 'tsne' or 'pca' to place samples"
            )
        return self._projection.place(self.reduction.apply(vectors))

    @cached_property
    def class_distance(self) -> pd.DataFrame | None:
        """Distances to the own class's centroid and the nearest other; None without targets."""
        target = self.snapshot.codes(TARGET)
        if target is None:
            return None
        rows = self.snapshot.rows(TRAIN) if TRAIN in self.splits else np.ones(len(target), bool)
        return class_distances(self.reduced, target, rows, self.snapshot.class_name)

    @cached_property
    def dynamics(self) -> pd.DataFrame | None:
        """How each sample was learned over the captured epochs; None without a history."""
        return learning_dynamics(self.snapshot)

    @cached_property
    def label_quality(self) -> LabelQuality | None:
        """How well each label is supported; None without targets, or with too many classes."""
        target, probabilities = self.snapshot.codes(TARGET), self.snapshot.pred_probs
        if target is None or self.too_many_classes:
            return None
        classes = ClassCodes.of(target, 0 if probabilities is None else probabilities.shape[1])
        found = label_quality(
            classes.codes,
            self.neighbors,
            probabilities,
            self._margin_over_epochs(),
            self._early_margin(),
        )
        return replace(found, suggested=classes.indices(found.suggested))

    @cached_property
    def too_many_classes(self) -> str | None:
        """Why the labels are not judged, where there are too many classes to count votes for."""
        target = self.snapshot.codes(TARGET)
        labelled = target[target >= 0] if target is not None else np.empty(0, np.int32)
        count = len(np.unique(labelled))
        if count * len(labelled) <= MAX_VOTES:
            return None
        return (
            f"target has {count:,} different classes in {len(labelled):,} samples, too many to"
            " count the neighbors' votes for each; give the classes that the model tells apart"
        )

    def predicted_loss(self, split: str | None) -> PredictedLoss:
        """Predict the losses of the samples that have none, from those of `split`.

        Raises:
            UnpredictableError: the reason why not.
        """
        if split is None:
            raise UnpredictableError("no split has losses to learn from")
        if split not in self.predicted:
            self.predicted[split] = self._predict(split)
        found = self.predicted[split]
        if isinstance(found, UnpredictableError):
            raise found
        return found

    def _predict(self, split: str) -> PredictedLoss | UnpredictableError:
        loss, seed = self.snapshot.loss, self.options.random_state
        try:
            if loss is None or not np.isnan(loss).any():  # before anything is computed for it
                return predict_losses(self.snapshot, self.snapshot.embedding, split)
            groups = self.duplicates.group
            return predict_losses(
                self.snapshot, self.reduced, split, groups=groups, random_state=seed
            )
        except UnpredictableError as error:
            return error

    def domain(self, source: str, target: str) -> DomainPair:
        """Return what separates the samples of two splits; the same object for the same splits."""
        if (source, target) not in self.domains:
            embedding, options = self.snapshot.embedding, self.options
            pair = DomainPair(
                *(embedding[self.snapshot.rows(split)] for split in (source, target)),
                n_components=options.n_components,
                random_state=options.random_state,
            )
            self.domains[source, target] = pair
        return self.domains[source, target]

    @cached_property
    def domains(self) -> dict[tuple[str, str], DomainPair]:
        """The pairs of splits that were asked for so far."""
        return {}

    def _margin_over_epochs(self) -> NDArray[np.float32] | None:
        """Mean margin over the epochs, alike in train, where labels are learned by heart.

        Elsewhere later epochs count more: nothing is learned by heart, and the model knows better.
        """
        if self.dynamics is None:
            return None
        mean, recent = (
            self.dynamics[name].to_numpy(np.float32)
            for name in ("area_under_margin", "recent_margin")
        )
        return np.where(self.snapshot.rows(TRAIN), mean, recent)

    def _early_margin(self) -> NDArray[np.float32] | None:
        """Mean margin over the first epochs, in which no label is known by heart yet."""
        if self.dynamics is None:
            return None
        return self.dynamics["early_margin"].to_numpy(np.float32)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was capped or fell back, in what has been computed so far."""
        from mlflow_latent.measures.notes import notes_of

        return notes_of(self)

    @cached_property
    def _projection(self) -> Projection | None:
        if self.options.projection == "none":
            return None
        arguments = self.reduced, self.neighbors, self.landmarks, self.options
        if self._compilation is not None:  # after what can be done beside it
            self._compilation.join()
        return fit_projection(*arguments)

    def _tested_rows(self) -> int:
        """Rows of val, else of the first split that is not train, else all."""
        others = [name for name in self.splits if name != TRAIN]
        if not others:
            return len(self.snapshot)
        return int(self.snapshot.rows(VAL if VAL in others else others[0]).sum())
