"""Wrong labels are told from doubt, whoever doubts and wherever they are."""

from __future__ import annotations

import numpy as np
import pytest

from mlflow_latent.measures.label_noise import (
    LabelNoise,
    Witness,
    joint_evidence,
    label_noise,
    p_of,
)
from mlflow_latent.measures.label_quality import LabelQuality

CLASSES = 5
SIZE = 2000


def judged(
    truth: np.ndarray,
    target: np.ndarray,
    certainty: np.ndarray,
    *,
    early: np.ndarray | None = None,
    learned: bool = False,
) -> LabelNoise | None:
    """All views see the truth, so certainly; only in early epochs something else, if given."""
    margin = np.where(target == truth, certainty, -certainty).astype(np.float32)
    quality = LabelQuality(
        quality=margin,
        suggested=np.where(target == truth, (truth + 1) % CLASSES, truth).astype(np.int32),
        model_margin=margin,
        neighbor_margin=margin,
        neighbor_share=np.ones(len(truth), np.float32),
        surroundings=margin,
        early_margin=np.full(len(truth), np.nan, np.float32) if early is None else early,
    )
    rows = np.ones(len(truth), dtype=bool)
    return label_noise(target.astype(np.int32), quality, rows, 0.95, learned=learned)


def doubted(seed: int, reach: float = 0.05) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the views believe, the labels with the doubt of right ones, and the certainty."""
    rng = np.random.default_rng(seed)
    believed = rng.integers(0, CLASSES, SIZE)
    certainty = rng.uniform(0.01, 1, SIZE)
    wrong = rng.random(SIZE) < 0.5 * np.exp(-certainty / reach)
    return believed, np.where(wrong, (believed + 1) % CLASSES, believed), certainty


@pytest.mark.parametrize("reach", [0.02, 0.1, 0.3])
def test_doubt_is_not_wrong_labels(reach: float) -> None:
    p_values = [judged(*doubted(seed, reach)).p_value for seed in range(20)]
    assert sum(p < 0.05 for p in p_values) <= 2
    assert min(p_values) > 0.005  # a kind's share of the error budget


def test_wrong_labels_of_one_class_of_which_the_views_are_less_certain_are_found() -> None:
    """A third of one class is wrong, and so its votes are few: below all of the other classes."""
    believed, target, certainty = doubted(1)
    rng = np.random.default_rng(1)
    wrong = (believed == 0) & (rng.random(SIZE) < 0.2)
    target = np.where(wrong, 1, target)
    certainty = np.where(believed == 0, 0.2 * certainty, 0.2 + 0.8 * certainty)
    found = judged(believed, target, certainty)

    assert found.p_value < 1e-4
    named = found.posterior >= 0.7
    assert wrong[named].mean() >= 0.9
    assert named[wrong].mean() >= 0.5


def test_a_class_that_another_has_absorbed_is_not_judged() -> None:
    believed, target, certainty = doubted(2)
    rng = np.random.default_rng(2)
    absorbed = (believed == 0) & (rng.random(SIZE) < 0.2)
    target = np.where(absorbed, CLASSES, target)  # right, but the views do not know that class
    found = judged(believed, target, certainty)

    assert found.unknown == (CLASSES,)
    assert found.p_value > 0.05
    assert not found.posterior[absorbed].any()


def test_labels_learned_by_heart_are_told_by_the_first_epochs() -> None:
    """By now the layer has pulled the wrong ones: they are contradicted, but hardly."""
    believed, target, certainty = doubted(3)
    rng = np.random.default_rng(3)
    wrong = rng.random(SIZE) < 0.04
    target = np.where(wrong, (believed + 2) % CLASSES, target)
    early = np.where(target == believed, certainty, -certainty).astype(np.float32)
    pulled = np.where(wrong, 0.1 * certainty, certainty)
    without = judged(believed, target, pulled, learned=True)
    found = judged(believed, target, pulled, early=early, learned=True)

    assert without.witness is Witness.SURROUNDINGS
    assert without.p_value > 0.01
    assert found.witness is Witness.EARLY_MODEL
    assert found.log_evidence > without.log_evidence + 2
    assert wrong[found.posterior >= 0.7].mean() >= 0.9


@pytest.mark.parametrize("share", [0.01, 0.03, 0.1])
def test_as_many_are_wrong_as_the_posterior_expects(share: float) -> None:
    expected = actual = covered = 0.0
    for seed in range(10):
        believed, target, certainty = doubted(seed, reach=0.15)
        wrong = np.random.default_rng(seed + 100).random(SIZE) < share
        target = np.where(wrong, (believed + 2) % CLASSES, target)
        found = judged(believed, target, certainty)
        named = found.posterior >= 0.7
        expected += (1 - found.posterior[named]).sum()
        actual += (~wrong[named]).sum()
        covered += found.lower <= wrong.mean() <= found.upper

    assert covered >= 7
    assert actual <= 2 * expected + 5


def test_what_each_split_only_hints_at_all_splits_say_together() -> None:
    assert joint_evidence([3.0]) == 3.0
    assert joint_evidence([3.0, 3.0]) == pytest.approx(np.log((2 * np.exp(3) + np.exp(6)) / 3))
    assert p_of(joint_evidence([3.0, 3.0])) < 0.2 * p_of(3.0)
    assert p_of(joint_evidence([9.0, -20.0])) == pytest.approx(3 * p_of(9.0))
    assert p_of(-5.0) == 1.0
