"""What was capped, left out or taken for something else, in the words of a report's notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.measures.neighbors import EXACT_ROWS
from mlflow_latent.measures.predicted_loss import PredictedLoss
from mlflow_latent.measures.projection import needs_layout
from mlflow_latent.measures.reduction import MAX_COVARIANCE_COLUMNS, SKETCH_COLUMNS
from mlflow_latent.schema import SPLIT, UNLABELED

if TYPE_CHECKING:
    from mlflow_latent.measures.measures import Measures


def notes_of(measures: Measures) -> tuple[str, ...]:
    """Return the notes on what has been computed so far."""
    computed = vars(measures)
    writers = {
        "reduction": (_reduction_notes,),
        "neighbors": (_neighbor_notes,),
        "spacing": (_silent_notes,),
        "duplicates": (_group_notes, _island_notes),
        "clusters": (_cluster_notes,),
        "projection": (_projection_notes,),
    }
    notes = [
        note
        for name, ready in writers.items()
        if name in computed
        for write in ready
        for note in write(measures)
    ]
    notes += _prediction_notes(measures)
    notes += [measures.too_many_classes] if measures.too_many_classes else []
    return tuple(notes)


def _reduction_notes(measures: Measures) -> list[str]:
    notes = []
    columns = measures.snapshot.embedding.shape[1]
    if measures.reduction.n_constant == columns:
        notes.append(f"all {len(measures.snapshot)} embeddings are equal: there is nothing to tell")
    elif measures.reduction.n_constant:
        notes.append(
            f"{measures.reduction.n_constant} of {columns} embedding columns hold one value"
            " and were left out"
        )
    if measures.reduction.is_sketched:
        notes.append(
            f"the embedding has {columns} columns, over {MAX_COVARIANCE_COLUMNS}: a random"
            f" projection to {SKETCH_COLUMNS} came before PCA; pool the layer's output"
        )
    return notes


def _neighbor_notes(measures: Measures) -> list[str]:
    wanted, found = measures.options.n_neighbors, measures.neighbors
    notes = []
    if found.k < wanted:
        notes.append(f"n_neighbors {wanted} capped to {found.k}: there are no more samples")
    if len(measures.snapshot) > EXACT_ROWS:
        notes.append(f"neighbors searched approximately, recall {found.recall:.3f}")
    return notes


def _silent_notes(measures: Measures) -> list[str]:
    silent = measures.spacing.is_silent
    if not silent.any():
        return []
    count = np.bincount(measures.split_codes[silent], minlength=len(measures.splits))
    numbers = zip(measures.splits, count, strict=True)
    where = ", ".join(f"{number:,} of {split}" for split, number in numbers if number)
    note = (
        f"{int(silent.sum()):,} samples ({where}) have an embedding of 0 in every column and"
        " are not compared with each other; look whether their files are empty or unreadable,"
        " or whether the layer has no active unit for them"
    )
    return [note]


def _group_notes(measures: Measures) -> list[str]:
    count = measures.duplicates.classes
    note = (
        f"{count:,} groups of samples that are as near to each other as copies are most of a"
        " class each: they were taken for classes of few samples, not for copies"
    )
    return [note] if count else []


def _island_notes(measures: Measures) -> list[str]:
    """Say what may be long bursts of frames, where they are in more than one split."""
    islands = measures.islands
    rows = (islands >= 0) & (measures.duplicates.group < 0) & ~measures.spacing.is_silent
    # Nothing is tested on unlabeled samples: bursts that reach into them leak nothing.
    rows &= (measures.snapshot.frame[SPLIT] != UNLABELED).to_numpy()
    size = np.bincount(islands[rows], minlength=1)
    places = np.unique(np.stack([islands[rows], measures.split_codes[rows]], axis=1), axis=0)
    across = np.bincount(places[:, 0], minlength=1) > 1
    if not across.any():
        return []
    note = (
        f"{int(size[across].sum()):,} samples are in {int(across.sum()):,} groups of up to"
        f" {int(size[across].max())} that lie apart from all others and in more than one split."
        " Small classes look like that, and so do long bursts of near-equal frames, which"
        " near_duplicate and leakage do not find: frames of one scene belong into one split"
    )
    return [note]


def _cluster_notes(measures: Measures) -> list[str]:
    asked = {"coarse": measures.options.n_coarse, "fine": measures.options.n_fine}
    return [
        f"n_{level} {asked[level]} capped to {len(regions)}: {len(measures.snapshot)} samples"
        " support no more regions"
        for level, regions in measures.clusters.items()
        if asked[level] is not None and len(regions) < (asked[level] or 0)
    ]


def _prediction_notes(measures: Measures) -> list[str]:
    found = [f for f in measures.predicted.values() if isinstance(f, PredictedLoss)]
    notes = []
    for one in found:
        outside = float(one.outside[one.unlabelled].mean())
        notes.append(
            f"predicted loss of {int(one.unlabelled.sum()):,} samples: {one.quality};"
            f" {100 * outside:.0f} % of these samples lie outside of what it was fitted on"
        )
    return notes


def _projection_notes(measures: Measures) -> list[str]:
    method = measures.options.projection
    if method in ("none", "pca") or needs_layout(measures.reduced, measures.options):
        return []
    return [f"projection {method!r} replaced by PCA: too few distinct samples to lay out"]
