"""Capture a further split with a trained model, into a run that has captures already."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from mlflow_latent.capture.adapters import MatchingRecorder, Wanted, capture_with
from mlflow_latent.capture.arrow import is_embedding
from mlflow_latent.errors import CaptureError, InputError
from mlflow_latent.media import MEDIA, read_index
from mlflow_latent.schema import OWN_POOL, PRED_PROBS, sort_splits
from mlflow_latent.store import LATENT, CaptureStore, captures_in, captures_shard

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from mlflow_latent.schema import CaptureInfo
    from mlflow_latent.tracking import RunTracker

THUMBNAIL_SIZE = 64  # pixels, where the run has no thumbnails to go by


@dataclass(frozen=True)
class Captured:
    """What was captured.

    Attributes:
        run_id: the run it was logged to; None for a folder.
        split: as it is called there.
        epoch: 0-based, at which it stands beside the other splits.
        n: samples.
        layers: whose outputs were captured.
        labelled: whether there are losses and targets.
        notes: what the user should know.
    """

    run_id: str | None
    split: str
    epoch: int
    n: int
    layers: tuple[str, ...]
    labelled: bool
    notes: tuple[str, ...] = ()


def capture(
    model: Any,
    loader: Any,
    *,
    run_id: str | Path,
    split: str = "unlabeled",
    labelled: bool = False,
    epoch: int | None = None,
    pool: str | Callable[[Any], Any] | None = None,
    replace: bool = False,
    tracking_uri: str | None = None,
    **options: Any,
) -> Captured:
    """Capture a split with a trained model, beside those that its training captured.

    Layers and pool are those of the run's captures. Nothing is trained, and the model stays as it
    was. Analyze the run afterwards: `ml.analyze(run_id)`.

    Args:
        model: with the weights of that epoch: a LightningModule, a torch classifier (whose output
            are the logits), or an Ultralytics YOLO.
        loader: of batches, in a fixed order or with ids; for a YOLO, a folder of images or a list
            of files.
        run_id: an MLflow run with captures, or a folder of captures.
        split: what to call it.
        labelled: whether the loader's labels are true: then losses, metrics and targets are
            captured too.
        epoch: 0-based, that the weights had finished; default the last whose embeddings were kept.
        pool: only where the training pooled by a function of its own.
        replace: capture a split again that is there already.
        tracking_uri: where the run lives; default as MLflow is configured.
        **options: of the framework. Lightning and torch: `sample_id`, `target`, `metadata`,
            `thumbnail`, `logits`, `loss`, as `LatentCapture` has them, and `device`. Ultralytics:
            `sample_id`, `metadata`, `statistics`, `confidence`, `imgsz`, `batch`, `device`.

    Returns:
        What was captured.

    Raises:
        InputError: the split is there already, the model has another width, or an argument cannot
            be used.
        LayerNotFoundError: the model lacks a layer that was captured.
        CaptureError: what the model returns cannot be recorded.
        LatentError: the run has no captures, or cannot be reached.
    """
    if not split:
        raise InputError("split needs a name, e.g. split='unlabeled'")
    tracker, captures = _open(run_id, tracking_uri)
    place = _Place.find(CaptureStore(captures), epoch)
    place.refuse(split, replace=replace)
    notes: list[str] = []
    with TemporaryDirectory(prefix="mlflow-latent-") as temporary:
        root = Path(temporary) / LATENT
        recorder = MatchingRecorder(
            root, place.info, place.widths, labelled=labelled, embedding_dtype=place.dtype
        )
        wanted = Wanted(
            recorder=recorder,
            epoch=place.epoch,
            split=split,
            labelled=labelled,
            info=place.info,
            pool=_pool(place.info, pool),
            thumbnail_size=_thumbnail_size(captures),
            say=notes.append,
        )
        capture_with(model, loader, wanted, options)
        n = _check(root, place, split, notes)
        _deliver(root, captures, tracker)
    layers = place.info.layers
    name = None if tracker is None else tracker.run_id
    return Captured(name, split, place.epoch, n, layers, labelled, tuple(notes))


@dataclass(frozen=True)
class _Place:
    """Where a further split belongs: the epoch, and what all of its splits have in common."""

    epoch: int
    splits: tuple[str, ...]
    info: CaptureInfo
    schema: pa.Schema

    @classmethod
    def find(cls, store: CaptureStore, epoch: int | None) -> _Place:
        kept = store.embedding_epochs()
        if not kept or epoch not in {None, *kept}:
            store.snapshot(epoch)  # raises, with what is wrong and the mend
        epoch = kept[-1] if epoch is None else epoch
        shards = [s for s in store.shards if s.table == "captures" and s.epoch == epoch]
        leader = next(s for s in shards if any(map(is_embedding, s.columns)))
        splits = {shard.split for shard in shards}
        return cls(epoch, tuple(sort_splits(splits)), leader.info, pq.read_schema(leader.path))

    def refuse(self, split: str, *, replace: bool) -> None:
        if split in self.splits and not replace:
            raise InputError(
                f"split {split!r} was captured already, beside {', '.join(map(repr, self.splits))};"
                " take another name, or pass replace=True"
            )

    @property
    def widths(self) -> dict[str, int]:
        """Numbers per sample of the vector columns."""
        vectors = [f for f in self.schema if is_embedding(f.name) or f.name == PRED_PROBS]
        return {field.name: int(field.type.list_size) for field in vectors}

    @property
    def dtype(self) -> Any:
        """In which precision embeddings are kept."""
        first = next(field for field in self.schema if is_embedding(field.name))
        return "float16" if str(first.type.value_type) == "halffloat" else "float32"


def _open(run_id: str | Path, tracking_uri: str | None) -> tuple[RunTracker | None, Path]:
    if isinstance(run_id, Path):
        return None, captures_in(run_id)
    from mlflow_latent.tracking import RunTracker

    tracker = RunTracker(run_id, tracking_uri)
    captures = tracker.download_latent()
    tracker.download_media(indices=True)
    return tracker, captures


def _pool(
    info: CaptureInfo, given: str | Callable[[Any], Any] | None
) -> str | Callable[[Any], Any] | None:
    if given is None and info.pool == OWN_POOL:
        raise InputError(
            "the training pooled its layers by a function of its own; pass the same one as pool="
        )
    if given is not None and info.pool not in {None, OWN_POOL, given}:
        raise InputError(f"pool is {given!r}, but the run's captures were pooled by {info.pool!r}")
    return given if given is not None else info.pool


def _thumbnail_size(captures: Path) -> int:
    """Return the size of the run's own thumbnails."""
    for path in sorted((captures / MEDIA).glob("*/index*.json")):
        return read_index(path).tile_size
    return THUMBNAIL_SIZE


def _check(root: Path, place: _Place, split: str, notes: list[str]) -> int:
    """Return how many samples were captured, and note what the others have and they lack."""
    path = captures_shard(root, place.epoch, split)
    if not path.exists():
        raise CaptureError(f"the loader of split {split!r} gave no samples; nothing is captured")
    found = pq.read_schema(path)
    if PRED_PROBS in place.schema.names and PRED_PROBS not in found.names:
        notes.append(
            f"the run's captures have class probabilities, split {split!r} has none, so that an "
            "analysis of both does without; pass logits=<the layer that returns the logits>"
        )
    return int(pq.read_metadata(path).num_rows)


def _deliver(root: Path, captures: Path, tracker: RunTracker | None) -> None:
    """Put the files beside those that are there: what a sample is first, the captures last."""
    order = ("samples", MEDIA, "captures")
    files = [path for part in order for path in sorted((root / part).rglob("*")) if path.is_file()]
    for path in files:
        place = path.relative_to(root)
        if tracker is not None:
            tracker.connection.require_reachable()
            tracker.upload(path, f"{LATENT}/{place.parent.as_posix()}")
        else:
            (captures / place).parent.mkdir(parents=True, exist_ok=True)
            (captures / place).write_bytes(path.read_bytes())
