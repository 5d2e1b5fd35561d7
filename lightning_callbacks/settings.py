"""What a user asked `LatentCapture` for, checked."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, get_args

from lightning_callbacks.layers import POOLS
from mlflow_latent.errors import InputError, did_you_mean
from mlflow_latent.media import LARGEST_TILE
from mlflow_latent.schema import Direction, Task, embedding_column

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from torch import Tensor

    from mlflow_latent.capture.arrow import EmbeddingType
    from mlflow_latent.capture.keep import KeepEmbeddings
    from mlflow_latent.explain import ExplainOptions
    from mlflow_latent.overlays import SampleObject

Key = str | int | Callable[[Any], Any]
"""Where in a batch something is: a key, a position, or a function of the batch."""
MetadataSource: TypeAlias = "Callable[[Any], Mapping[str, Any]] | pd.DataFrame"
"""A function of a batch, or a table indexed by sample id."""
EMBEDDING_TYPES = ("float16", "float32")
MODES = ("min", "max")


@dataclass(frozen=True)
class Settings:
    """The arguments of `LatentCapture`, as it describes them.

    Raises:
        InputError: an argument cannot be used, with what it would take.
    """

    layers: tuple[str, ...]
    pool: str | Callable[[Any], Tensor]
    logits: str | None
    loss: Callable[[Any, Any], Any] | None
    sample_id: Key | None
    target: Key | None
    metadata: tuple[MetadataSource, ...]
    thumbnail: str | Callable[[Any], Any] | None
    thumbnail_size: int
    probes: Mapping[str, Any]
    unlabeled: tuple[str, ...]
    splits: tuple[str, ...]
    every_n_epochs: int
    keep: KeepEmbeddings
    monitor: str | None
    mode: str
    class_names: tuple[str, ...]
    task: Task
    metrics: Mapping[str, Direction]
    embedding_dtype: EmbeddingType
    spool: Path | str | None
    run_id: str | None
    tracking_uri: str | None
    analyze: bool
    strict: bool
    heatmaps: ExplainOptions | None = None
    track: bool = True  # look for an MLflow run
    probe_batches: float = math.inf  # of each probe, at most
    overlays: Callable[[Any, Any], Sequence[Iterable[SampleObject]]] | None = None

    def __post_init__(self) -> None:
        _check_layers(self.layers)
        if not callable(self.pool):
            _one_of("pool", self.pool, POOLS, "or a function")
        if not callable(self.thumbnail) and self.thumbnail is not None:
            _one_of("thumbnail", self.thumbnail, ("auto",), "None or a function")
        if not (callable(self.overlays) or self.overlays is None):
            raise InputError(
                f"overlays takes a function of (outputs, batch), got {self.overlays!r}"
            )
        _one_of("mode", self.mode, MODES)
        _one_of("task", self.task, get_args(Task))
        _one_of("embedding_dtype", self.embedding_dtype, EMBEDDING_TYPES)
        for name, direction in self.metrics.items():
            _one_of(f"metrics[{name!r}]", direction, get_args(Direction))
        _check_positive("every_n_epochs", self.every_n_epochs)
        _check_positive("thumbnail_size", self.thumbnail_size)
        if self.thumbnail_size > LARGEST_TILE:
            raise InputError(f"thumbnail_size is at most {LARGEST_TILE}, got {self.thumbnail_size}")
        _check_splits((*self.splits, *self.probes))


def split_names(splits: Sequence[str], loaders: int) -> list[str]:
    """Return the split that each validation loader holds: as named, or `val`, `val_1`, ….

    Raises:
        InputError: names were given, but not one for each loader.
    """
    if splits and len(splits) != loaders:
        raise InputError(
            f"splits names {len(splits)} validation loaders {list(splits)}, but there are {loaders}"
        )
    return list(splits) or ["val", *(f"val_{number}" for number in range(1, loaders))][:loaders]


def heatmap_options(heatmaps: object) -> ExplainOptions | None:
    """Return how heat-maps are made; None where they are not wanted.

    Raises:
        InputError: it is neither a bool nor options, or captum is not installed.
    """
    if heatmaps is False:
        return None
    from mlflow_latent.explain import ExplainOptions, require_captum

    if heatmaps is not True and not isinstance(heatmaps, ExplainOptions):
        raise InputError(f"heatmaps takes True, False or ExplainOptions, got {heatmaps!r}")
    require_captum()
    return ExplainOptions() if heatmaps is True else heatmaps


def metadata_sources(
    metadata: MetadataSource | Sequence[MetadataSource] | None,
) -> tuple[MetadataSource, ...]:
    """Return where metadata comes from: nothing, one source or several.

    Raises:
        InputError: one of them is neither a function nor a table.
    """
    sources = tuple(metadata) if isinstance(metadata, list | tuple) else (metadata,)
    for source in sources:
        is_table = hasattr(source, "reindex")
        if not (callable(source) or is_table or (source is None and metadata is None)):
            raise InputError(
                "metadata takes a function of the batch, a table indexed by sample id, or a list "
                f"of these, got {type(source).__name__}"
            )
    return tuple(source for source in sources if source is not None)


def _one_of(name: str, value: Any, known: Sequence[str], more: str = "") -> None:
    if value not in known:
        options = " ".join(filter(None, (", ".join(map(repr, known)), more)))
        raise InputError(f"{name} takes {options}, got {value!r}{did_you_mean(str(value), known)}")


def _check_layers(layers: tuple[str, ...]) -> None:
    if not layers:
        raise InputError("layer must name at least one layer, e.g. layer='backbone'")
    columns = [embedding_column(layer) for layer in layers]
    for layer, column in zip(layers, columns, strict=True):
        if columns.count(column) > 1:
            raise InputError(f"layer {layer!r} and another one both make the column {column!r}")


def _check_positive(name: str, value: Any) -> None:
    if not (isinstance(value, int) and value >= 1):
        raise InputError(f"{name} must be a whole number, 1 or more, got {value!r}")


def _check_splits(splits: tuple[Any, ...]) -> None:
    for split in splits:
        if not (isinstance(split, str) and split):
            raise InputError(f"a split needs a name, got {split!r}")
        if splits.count(split) > 1:
            raise InputError(f"split {split!r} is named twice among splits and probes")
