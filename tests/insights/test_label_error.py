"""Wrong labels are found and named; hard or overlapping classes with right labels are not."""

from __future__ import annotations

import numpy as np
import pytest
from worlds import World, make_world

from mlflow_latent.analysis import AnalysisOptions, analyze
from mlflow_latent.insights import Context, InsightOptions, NotApplicableError
from mlflow_latent.insights.kinds import label_error
from mlflow_latent.measures import MeasureOptions, Measures
from mlflow_latent.snapshot import Snapshot

CLASSES = 10
FAST = MeasureOptions(projection="none")


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def probabilities(world: World, seed: int, skill: float = 6.0) -> np.ndarray:
    """Of a model that knows the blobs, and is unsure of some samples anywhere."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(len(world.blob), CLASSES))
    logits[np.arange(len(world.blob)), world.blob] += rng.normal(skill, 2.0, len(world.blob))
    return softmax(logits)


def mislabelled(seed: int, share: float, *, pairs: bool = False) -> tuple[World, np.ndarray]:
    world = make_world(seed, train=2000, val=2000)
    rng = np.random.default_rng(seed)
    chosen = rng.random(len(world.blob)) < share
    step = np.where(pairs, 1, rng.integers(1, CLASSES, len(world.blob)))
    return world, np.where(chosen, (world.blob + step) % CLASSES, world.blob)


def overlapping(seed: int, separation: float, confidence: float) -> Snapshot:
    """Right labels of six classes, with their exact probabilities, sharpened by `confidence`."""
    rng = np.random.default_rng(seed)
    size, classes = 900, 6
    centers = rng.normal(size=(classes, 8)) * separation
    target = rng.integers(0, classes, size)
    place = centers[target] + rng.normal(size=(size, 8))
    logits = -((place[:, None] - centers) ** 2).sum(axis=2) / 2
    return Snapshot.from_arrays(
        sample_id=np.arange(size),
        split="val",
        embedding=place,
        target=target,
        pred_probs=softmax(confidence * logits),
    )


def find(snapshot: Snapshot) -> list:
    measures = Measures(snapshot, FAST)
    context = Context(measures, InsightOptions(), "val", "train", 0.005)
    return list(label_error.find(context))


@pytest.mark.parametrize("share", [0.01, 0.05, 0.1])
@pytest.mark.parametrize("pairs", [False, True])
def test_wrong_labels_are_found_in_both_splits(share: float, pairs: bool) -> None:
    world, given = mislabelled(0, share, pairs=pairs)
    known = probabilities(world, 0)
    loss = -np.log(known[np.arange(len(given)), given])
    found = find(world.snapshot(target=given, pred_probs=known, loss=loss))

    assert {insight.split for insight in found} == {"train", "val"}
    for insight in found:
        wrong = (given != world.blob) & (world.split == insight.split)
        truth = {(insight.split, f"s{row}") for row in np.flatnonzero(wrong)}
        hits = len(truth & set(insight.samples))
        assert hits / len(insight.samples) >= 0.9
        assert hits / len(truth) >= 0.7  # the rest lies where doubt is as likely
        lower, upper = insight.interval
        assert lower <= insight.effect <= upper
        assert lower < wrong.sum() / (world.split == insight.split).sum() * 1.1
        assert 0 < insight.severity <= 1


def test_the_table_says_as_what_to_relabel_and_what_to_look_at_first() -> None:
    world, given = mislabelled(1, 0.05)
    snapshot = world.snapshot(target=given, pred_probs=probabilities(world, 1))
    table = analyze(snapshot, AnalysisOptions(measures=FAST)).samples

    wrong = given != world.blob
    assert (table["suggested_class"].astype(int) == world.blob)[wrong].mean() > 0.95
    assert table["label_quality"].between(0, 1).all()
    worst = np.argsort(table["label_quality"].to_numpy())[: wrong.sum()]
    assert wrong[worst].mean() > 0.9


@pytest.mark.parametrize("skill", [2.0, 4.0])
def test_a_model_that_errs_anywhere_does_not_make_labels_wrong(skill: float) -> None:
    for seed in range(20):
        world = make_world(seed, train=400, val=400)
        assert not find(world.snapshot(pred_probs=probabilities(world, seed, skill)))


@pytest.mark.parametrize("separation", [1.0, 1.5, 2.5])
@pytest.mark.parametrize("confidence", [0.5, 1.0, 3.0])
def test_classes_that_overlap_do_not_make_labels_wrong(
    separation: float, confidence: float
) -> None:
    """Nine cells of five: no more than one false finding, at a rate of 0.5 % each."""
    fired = sum(bool(find(overlapping(seed, separation, confidence))) for seed in range(5))
    assert fired <= 1


def test_labels_learned_by_heart_are_judged_by_the_neighbors() -> None:
    world, given = mislabelled(3, 0.05)
    by_heart = np.where((world.split == "train")[:, None], np.eye(CLASSES)[given], 0.0)
    known = np.where(by_heart.any(axis=1)[:, None], by_heart, probabilities(world, 3))
    found = [
        one for one in find(world.snapshot(target=given, pred_probs=known)) if one.split == "train"
    ]

    wrong = (given != world.blob) & (world.split == "train")
    truth = {("train", f"s{row}") for row in np.flatnonzero(wrong)}
    assert len(truth & set(found[0].samples)) >= 0.85 * max(len(truth), len(found[0].samples))
    assert "the model" not in found[0].description.lower()


def test_labels_drawn_from_what_the_model_itself_admits_are_not_wrong() -> None:
    """The embedding tells the predicted class only; where the model is unsure, it says so."""
    for seed in range(5):
        world = make_world(seed, train=700, val=700)
        rng = np.random.default_rng(seed)
        doubt = 0.9 * rng.beta(0.4, 3.0, len(world.blob))
        known = np.repeat(doubt[:, None] / (CLASSES - 1), CLASSES, axis=1)
        known[np.arange(len(doubt)), world.blob] = 1 - doubt
        given = (known.cumsum(axis=1) > rng.random((len(doubt), 1))).argmax(axis=1)
        assert (given != world.blob).mean() > 0.05
        assert not find(world.snapshot(target=given, pred_probs=known))


def test_what_doubt_explains_is_a_note() -> None:
    report = analyze(overlapping(0, 1.5, 1.0), AnalysisOptions(measures=FAST))

    assert not [one for one in report.insights if one.kind == "label_error"]
    (said,) = [note for note in report.notes if "no more than doubt explains" in note]
    assert "labels of 'val' are contradicted by the model and the labels of the neighbors" in said
    assert said.endswith("sort the split by label_quality")


def test_a_few_wrong_labels_of_many_are_not_announced() -> None:
    world, given = mislabelled(4, 0.0)
    given[:4] = (given[:4] + 1) % CLASSES  # 0.1 %
    assert not find(world.snapshot(target=given, pred_probs=probabilities(world, 4)))


def test_who_contradicts_too_many_labels_is_not_trusted() -> None:
    world, given = mislabelled(5, 0.5)
    with pytest.raises(NotApplicableError, match="cannot judge these labels"):
        find(world.snapshot(target=given, pred_probs=probabilities(world, 5)))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "no pred_probs"),
        ({"target": None}, "no target"),
        ({"target": np.zeros(4000, int), "pred_probs": np.ones((4000, 1))}, "all samples have one"),
        ({"task": "detection"}, "the task is 'detection'"),
    ],
)
def test_what_is_missing_is_said(changes: dict[str, object], reason: str) -> None:
    world, _ = mislabelled(2, 0.0)
    with pytest.raises(NotApplicableError, match=reason):
        find(world.snapshot(**changes))


def test_targets_that_the_model_does_not_know_break_nothing() -> None:
    world, _ = mislabelled(3, 0.0)
    probability = probabilities(world, 3)[:, :9]
    probability /= probability.sum(axis=1, keepdims=True)
    found = find(world.snapshot(pred_probs=probability))

    assert all(np.isfinite(insight.effect) for insight in found)
