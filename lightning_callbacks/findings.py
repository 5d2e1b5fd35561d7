"""What a rehearsal says about a capture, in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow.parquet as pq

from lightning_callbacks.rehearsal import BATCHES
from mlflow_latent.errors import StoreError
from mlflow_latent.schema import LOSS, META_PREFIX, PRED_PROBS, SAMPLE_ID, SPLIT
from mlflow_latent.store import CaptureStore, captures_shard, samples_shard

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from lightning_callbacks.rehearsal import Rehearsal

Status = Literal["ok", "warning", "problem"]
MEGABYTE = 1 << 20
THUMBNAIL_BYTES_PER_PIXEL = 0.5  # WebP at the quality of `mlflow_latent.media`, of photographs
BYTES_PER_NUMBER = 4
LATE, FIRST = 1, 0  # the epochs of a rehearsal


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    check: str
    status: Status
    text: str


def find(seen: Rehearsal) -> list[Finding]:
    """Return what a rehearsal shows, problems first."""
    found = list(_findings(seen))
    order: list[Status] = ["problem", "warning", "ok"]
    return sorted(found, key=lambda finding: order.index(finding.status))


def _findings(seen: Rehearsal) -> Iterator[Finding]:
    if seen.failure is not None:
        yield Finding("run", "problem", seen.failure)
    elif seen.settings is None:
        yield Finding(
            "callback",
            "problem",
            "the script fitted nothing with a LatentCapture; add it: Trainer(callbacks=["
            "LatentCapture('<layer>'), ...])",
        )
    yield from (Finding("notice", "warning", text) for text in seen.notices)
    store = CaptureStore(seen.folder / ".mlflow_latent" / "no-run" / "latent")
    if not store.epochs():
        return
    try:
        history = store.history()
    except StoreError as error:
        yield Finding("files", "problem", str(error))
        return
    yield from _layers(seen, store)
    yield from _ids(history)
    yield from _losses(history)
    yield from _metadata(store)
    yield from _splits(seen)
    yield from _disk(seen, store)
    yield Finding("time", "ok", _time(seen))


def _layers(seen: Rehearsal, store: CaptureStore) -> Iterator[Finding]:
    for layer in store.layers():
        width = store.snapshot(FIRST, layer).embedding.shape[1]
        shape = seen.shapes.get(layer, "something")
        text = f"layer {layer!r} returns {shape}, which makes {width} numbers per sample"
        yield Finding("layer", "ok", text)


def _ids(history: pd.DataFrame) -> Iterator[Finding]:
    for split, rows in history.groupby(SPLIT, observed=True):
        by_epoch = [set(of_epoch[SAMPLE_ID]) for _, of_epoch in rows.groupby("epoch")]
        example = min(by_epoch[0])
        if all(ids == by_epoch[0] for ids in by_epoch):
            text = f"{split}: sample ids are unique and the same in both epochs, e.g. {example!r}"
            yield Finding("ids", "ok", text)
        else:
            yield Finding(
                "ids",
                "warning",
                f"{split}: the first {BATCHES} batches hold other ids in the second epoch, e.g. "
                f"{example!r}: right if the loader shuffles, wrong if an id names another sample",
            )


def _losses(history: pd.DataFrame) -> Iterator[Finding]:
    last = history[history["epoch"] == history["epoch"].max()]
    for split, rows in last.groupby(SPLIT, observed=True):
        loss = rows[LOSS] if LOSS in rows else rows[SAMPLE_ID].map(lambda _: np.nan)
        known = loss.dropna().to_numpy(dtype=float)
        if not len(known):
            yield Finding("loss", "warning", f"{split}: no losses; right for unlabeled data")
        elif len(known) > 2 * BATCHES and len(np.unique(known)) <= BATCHES:
            yield Finding(
                "loss",
                "problem",
                f"{split}: all samples of a batch have the same loss, as if it were their mean; "
                "return one loss per sample, e.g. cross_entropy(..., reduction='none')",
            )
        else:
            span = f"{np.min(known):.3g} to {np.max(known):.3g}"
            yield Finding("loss", "ok", f"{split}: one loss per sample, {span}")


def _metadata(store: CaptureStore) -> Iterator[Finding]:
    for split in store.snapshot(FIRST).splits:
        table = pq.read_table(samples_shard(store.root, split), partitioning=None)
        fields = [name for name in table.column_names if name.startswith(META_PREFIX)]
        for name in fields:
            column, short = table[name], name.removeprefix(META_PREFIX)
            gaps = f", {column.null_count} of {len(column)} missing" if column.null_count else ""
            status: Status = "warning" if column.null_count == len(column) else "ok"
            yield Finding("metadata", status, f"{split}: {short} is {column.type}{gaps}")
        if not fields:
            text = f"{split}: no metadata; insights will not say what sets samples apart"
            yield Finding("metadata", "warning", text)


def _splits(seen: Rehearsal) -> Iterator[Finding]:
    for split, rows in seen.rows.items():
        known = "a stream of unknown length" if rows is None else f"{rows:,} samples"
        yield Finding("split", "ok", f"{split}: {known}")
    if len(seen.rows) == 1:
        yield Finding(
            "split",
            "warning",
            "only one split: add probes={'train': <the training set, unshuffled and without "
            "augmentation>} to compare it with",
        )
    if seen.unread:
        keys = ", ".join(map(repr, seen.unread))
        yield Finding("outputs", "ok", f"keys of the step's output that are not captured: {keys}")


def _disk(seen: Rehearsal, store: CaptureStore) -> Iterator[Finding]:
    rows = sum(count or 0 for count in seen.rows.values())
    embedding, rest = _bytes_per_row(store)
    text = (
        f"about {_megabytes(rows * embedding)} for each epoch that keeps its embeddings (two, "
        f"unless keep_embeddings says otherwise) and {_megabytes(rows * rest)} for every captured "
        f"epoch"
    )
    settings = seen.settings
    if settings is not None and (store.root / "media").exists():
        tile = settings.thumbnail_size**2 * THUMBNAIL_BYTES_PER_PIXEL
        text += f", up to {_megabytes(rows * tile)} for thumbnails, once"
    yield Finding("disk", "ok", text)


def _bytes_per_row(store: CaptureStore) -> tuple[float, float]:
    """Raw size of a row's embeddings, and of the rest of it."""
    split = store.snapshot(FIRST).splits[0]
    schema = pq.read_schema(captures_shard(store.root, FIRST, split))
    embedding = rest = 0.0
    for column in schema:
        width = getattr(column.type, "list_size", 1)
        if column.name == PRED_PROBS or width == 1:
            rest += width * BYTES_PER_NUMBER
        else:
            embedding += width * column.type.value_type.bit_width / 8
    return embedding, rest


def _time(seen: Rehearsal) -> str:
    batch = f"{seen.capture_seconds * 1000:.1f} ms"
    return f"the check took {seen.seconds:.0f} s; capturing a validation batch took {batch}"


def _megabytes(count: float) -> str:
    return f"{max(count / MEGABYTE, 0.1):,.1f} MB"


def as_document(seen: Rehearsal, findings: list[Finding]) -> dict[str, Any]:
    """Return the one JSON object that says it all."""
    return {
        "ok": all(finding.status != "problem" for finding in findings),
        "layers": seen.shapes,
        "splits": seen.rows,
        "seconds": round(seen.seconds, 3),
        "findings": [vars(finding) for finding in findings],
    }
