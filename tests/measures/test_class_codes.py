from __future__ import annotations

import numpy as np

from mlflow_latent.measures.class_codes import ClassCodes, commonest


def test_classes_that_have_a_probability_keep_their_numbers_and_the_others_follow() -> None:
    target = np.array([0, 90, -1, 2_000_000_000, 1, 90], dtype=np.int32)

    classes = ClassCodes.of(target, columns=3)

    assert classes.known.tolist() == [0, 1, 2, 90, 2_000_000_000]
    assert classes.codes.tolist() == [0, 3, -1, 4, 1, 3]
    assert classes.indices(classes.codes).tolist() == target.tolist()


def test_without_probabilities_only_the_classes_that_are_there_have_a_number() -> None:
    classes = ClassCodes.of(np.array([90, 1, 90], dtype=np.int32))

    assert classes.known.tolist() == [1, 90]
    assert classes.codes.tolist() == [1, 0, 1]


def test_the_commonest_class_comes_first_and_ties_go_by_number() -> None:
    classes, shares = commonest(np.array([7, 5, 2_000_000_000, 5, 7, 1], dtype=np.int32))

    assert classes.tolist() == [5, 7, 1, 2_000_000_000]
    assert shares.tolist() == [2 / 6, 2 / 6, 1 / 6, 1 / 6]
