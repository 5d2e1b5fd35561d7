from __future__ import annotations

import numpy as np
import pytest

from mlflow_latent.measures.classes import class_distances, hold_a_class

NAMES = ["cat", "dog", "fox", "owl"]
REDUCED = np.array([[0, 0], [2, 0], [10, 0], [12, 0], [1, 3], [5, 4]], dtype=np.float32)
TARGET = np.array([0, 0, 2, 2, -1, 2], dtype=np.int32)


def test_own_centroid_and_nearest_other_class() -> None:
    reference = np.array([True, True, True, True, True, False])
    frame = class_distances(REDUCED, TARGET, reference, NAMES.__getitem__)
    assert frame["centroid_distance"].tolist()[:4] == [1, 1, 1, 1]
    assert np.isnan(frame["centroid_distance"][4])
    assert frame["centroid_distance"][5] == pytest.approx(np.hypot(6, 4))
    assert frame["nearest_class"].tolist() == ["fox", "fox", "cat", "cat", "cat", "cat"]
    assert frame["nearest_class_distance"].tolist() == pytest.approx(
        [11, 9, 9, 11, 3, np.hypot(4, 4)]
    )


def test_a_class_outside_the_reference_has_its_own_centroid() -> None:
    reference = TARGET == 0
    frame = class_distances(REDUCED, TARGET, reference, NAMES.__getitem__)
    center = REDUCED[TARGET == 2].mean(axis=0)
    expected = np.linalg.norm(REDUCED[TARGET == 2] - center, axis=1)
    assert frame["centroid_distance"][TARGET == 2].tolist() == pytest.approx(expected.tolist())


def test_one_class_has_no_nearest_other() -> None:
    target = np.zeros(6, dtype=np.int32)
    frame = class_distances(REDUCED, target, np.ones(6, bool), NAMES.__getitem__)
    assert frame["nearest_class"].isna().all()
    assert frame["nearest_class_distance"].isna().all()
    assert frame["centroid_distance"].notna().all()


def test_a_group_holds_a_class_of_any_index() -> None:
    huge = np.where(TARGET == 2, 2_000_000_000, TARGET).astype(np.int32)
    group = np.array([-1, 0, 1, 1, 0, -1])

    assert hold_a_class(group, huge).tolist() == [False, True]
