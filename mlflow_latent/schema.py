"""The words of the tables: column names, the metadata of a capture file, the version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMA_VERSION = 1
METADATA_KEY = b"mlflow_latent"

SAMPLE_ID, SPLIT, EPOCH, URI = "sample_id", "split", "epoch", "uri"
TARGET, PREDICTION, PRED_PROBS, LOSS = "target", "prediction", "pred_probs", "loss"
MARGIN = "margin"  # of a history: probability of the target − the best other one
KEY = [SPLIT, SAMPLE_ID]
META_PREFIX, METRIC_PREFIX, LOSS_PREFIX, EMBEDDING = "meta_", "metric_", "loss_", "embedding"
OUTPUT_PREFIX = "output_"  # what the model says of a sample, known without its label
OWN_POOL = "own"  # of a capture's layers: by a function of the user's

UNLABELED = "unlabeled"
SPLIT_ORDER = ("train", "val", "test", UNLABELED)
LEFT_OUT = "left out: "  # begins a note on data that is not in the report: said before all else
NAMED_ROWS = 20  # sample ids that a message or a report names before it only counts

Task = Literal["classification", "detection", "segmentation", "other"]
Direction = Literal["higher", "lower"]


def embedding_column(layer: str | None) -> str:
    """Return the column that holds the embedding of `layer` (dots become underscores)."""
    return f"{EMBEDDING}_{layer.replace('.', '_')}" if layer else EMBEDDING


def sort_splits(splits: Iterable[str]) -> list[str]:
    """Order splits as people list them: train, val, test, unlabeled, then by name."""
    rank = {name: place for place, name in enumerate(SPLIT_ORDER)}
    return sorted(set(splits), key=lambda name: (rank.get(name, len(rank)), name))


class CaptureInfo(BaseModel):
    """What a capture file says of itself (Parquet file metadata, key `mlflow_latent`)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_version: int = SCHEMA_VERSION
    task: Task = "classification"
    class_names: tuple[str, ...] = ()
    supercategories: dict[str, str] = Field(default_factory=dict)
    layers: tuple[str, ...] = ()
    pool: str | None = None  # how a layer's output became one vector; None is not known
    logits: str | None = None  # the layer whose output are the logits, if one was named
    metrics: dict[str, Direction] = Field(default_factory=dict)
    run_id: str | None = None


class DroppedRows(BaseModel):
    """Rows that could not be used: never silently."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: str
    split: str
    count: int
    sample_ids: tuple[str, ...]  # the first `NAMED_ROWS`
