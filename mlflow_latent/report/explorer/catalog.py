"""What each column of the table of samples is called, and where a person would look for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from mlflow_latent.report.explorer.header import ColumnGroup
from mlflow_latent.report.words import plain
from mlflow_latent.schema import (
    EPOCH,
    LOSS,
    LOSS_PREFIX,
    META_PREFIX,
    METRIC_PREFIX,
    OUTPUT_PREFIX,
    PREDICTION,
    SAMPLE_ID,
    SPLIT,
    TARGET,
    URI,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

CORRECT, CERTAINTY = "correct", "certainty"
BELONGING_PREFIX = "belonging_"
LEFT_OUT = {EPOCH, "neighbors", "projection_x", "projection_y", "pca_x", "pca_y"}
"""Columns that are shown as something else than a column."""

GROUP_ORDER = {group: place for place, group in enumerate(get_args(ColumnGroup))}


@dataclass(frozen=True)
class Entry:
    """What is said of a column: see `ColumnHeader`."""

    label: str
    group: ColumnGroup
    description: str = ""
    field: str | None = None


_KNOWN = {
    SAMPLE_ID: Entry("sample id", "sample", "The id of the sample, unique within its split."),
    SPLIT: Entry("split", "sample", "Which part of the data the sample is in."),
    TARGET: Entry("class", "sample", "The class that the label says.", "class"),
    URI: Entry("address", "sample", "Where the input can be read again."),
    LOSS: Entry("loss", "result", "Loss of the sample in natural units of the criterion.", LOSS),
    PREDICTION: Entry("predicted class", "result", "The model's answer.", "predicted class"),
    CORRECT: Entry("prediction", "result", "Whether the predicted class is the labelled one."),
    CERTAINTY: Entry("certainty", "result", "Probability that the model gave its first choice."),
    "cluster_coarse": Entry(
        "coarse region", "region", "Samples near each other in the latent space, in large groups."
    ),
    "cluster_fine": Entry(
        "fine region", "region", "Samples near each other in the latent space, in small groups."
    ),
    "centroid_distance": Entry(
        "distance to own class",
        "score",
        "Distance to the center of the sample's own class; embeddings have median norm 1.",
        "centroid_distance",
    ),
    "nearest_class": Entry(
        "nearest other class", "score", "The other class whose center is nearest.", "nearest_class"
    ),
    "nearest_class_distance": Entry(
        "distance to other class",
        "score",
        "Distance to the center of the nearest other class.",
        "nearest_class_distance",
    ),
    "duplicate_group": Entry(
        "duplicate group", "score", "Samples with the same number are copies of one another."
    ),
    "outlier_score": Entry(
        "remoteness",
        "score",
        "How far the sample is from its neighbors, beside theirs; 1 is usual.",
    ),
    "label_quality": Entry(
        "label quality",
        "score",
        "How well the label is supported, 0 to 1; low is doubtful. To compare within a split only.",
    ),
    "suggested_class": Entry(
        "suggested class", "score", "The class that would be the label if the label were wrong."
    ),
    "predicted_loss": Entry(
        "predicted loss",
        "score",
        "Loss that is expected of a sample without a label, from where it lies and what the model "
        "says of it; of validation samples predicted without them, to be held against the loss.",
    ),
    "predicted_loss_low": Entry(
        "predicted loss, at least", "score", "Lower end of the 90 % interval of the loss."
    ),
    "predicted_loss_high": Entry(
        "predicted loss, at most", "score", "Upper end of the 90 % interval of the loss."
    ),
    "predicted_loss_outside": Entry(
        "prediction reaches outside",
        "score",
        "Whether the sample is unlike all those that the prediction was fitted on.",
    ),
    "area_under_margin": Entry(
        "margin over epochs",
        "learning",
        "Mean over the epochs of: probability of the label − the best other one.",
    ),
    "forgetting_events": Entry(
        "times forgotten", "learning", "How often a right prediction became wrong."
    ),
}


_PREFIXED: dict[str, tuple[str, ColumnGroup, str]] = {
    META_PREFIX: ("", "metadata", ""),
    METRIC_PREFIX: ("", "result", "A metric of the sample."),
    LOSS_PREFIX: (" loss", "result", "A part of the loss."),
    BELONGING_PREFIX: (
        " likeness",
        "score",
        (
            "How much the sample looks like that split rather than the one that the model is "
            "judged on, 0 to 1; one half where they cannot be told apart."
        ),
    ),
    OUTPUT_PREFIX: ("", "result", "What the model says of the sample, known without its label."),
}


def describe(name: str) -> Entry:
    """Return what is said of a column of the table of samples."""
    if name in _KNOWN:
        return _KNOWN[name]
    for prefix, (suffix, group, description) in _PREFIXED.items():
        if name.startswith(prefix):
            field = name.removeprefix(prefix)
            named = field if prefix in {META_PREFIX, METRIC_PREFIX} else None
            return Entry(plain(field) + suffix, group, description, named)
    return Entry(plain(name), "score")


def unique(names: Iterable[str]) -> list[str]:
    """Return the names, those that were there before with a number: `width`, `width (2)`."""
    taken: set[str] = set()
    result = []
    for name in names:
        number, given = 1, name
        while given in taken:
            number += 1
            given = f"{name} ({number})"
        taken.add(given)
        result.append(given)
    return result
