from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlflow_latent.errors import InputError
from mlflow_latent.measures.dynamics import learning_dynamics
from mlflow_latent.snapshot import Snapshot


def snapshot_with(history: pd.DataFrame | None) -> Snapshot:
    return Snapshot.from_arrays(
        sample_id=[1, 2, 3],
        split=["train", "train", "val"],
        embedding=np.eye(3),
        target=[0, 1, 1],
        history=history,
    )


def rows(sample: int, split: str, margins: list[float], **more: object) -> pd.DataFrame:
    epochs = range(len(margins))
    return pd.DataFrame(
        {"sample_id": sample, "split": split, "epoch": epochs, "margin": margins, **more}
    )


def test_each_sample_is_summarized_over_its_epochs_in_any_order() -> None:
    history = pd.concat(
        [
            rows(1, "train", [-0.5, 0.5, -0.1, 0.9], loss=[4.0, 2.0, 2.0, 0.0]),
            rows(2, "train", [0.2, 0.4]),
            rows(9, "train", [0.2, 0.4]),  # not in the snapshot
        ]
    ).sample(frac=1, random_state=0)
    found = learning_dynamics(snapshot_with(history))

    assert found is not None
    assert found["epochs_captured"].to_list() == [4, 2, 0]
    assert found["area_under_margin"].to_numpy()[:2] == pytest.approx([0.2, 0.3])
    assert found["recent_margin"].to_numpy()[0] == pytest.approx((-0.5 + 1 - 0.3 + 3.6) / 10)
    assert found["mean_loss"].to_numpy()[0] == pytest.approx(2.0)
    assert found["forgetting_events"].to_list()[:2] == [1, 0]
    assert found["wrong_epochs"].to_numpy()[:2] == pytest.approx([0.5, 0])
    assert found.iloc[2, 1:].isna().all()


def test_predictions_alone_tell_what_was_forgotten() -> None:
    history = rows(2, "train", [0.0] * 4, prediction=[1, 0, 1, 0]).drop(columns="margin")
    found = learning_dynamics(snapshot_with(history))

    assert found is not None
    assert found["forgetting_events"].to_list()[1] == 2
    assert np.isnan(found["area_under_margin"][1])


def test_no_history_is_none_and_a_bad_one_is_refused() -> None:
    assert learning_dynamics(snapshot_with(None)) is None
    with pytest.raises(InputError, match=r"history must have the columns .*; epoch is not among"):
        snapshot_with(pd.DataFrame({"split": ["a"], "sample_id": ["b"]}))


@pytest.mark.parametrize(("epochs", "early"), [(2, None), (3, 2), (4, 2), (9, 3), (12, 4)])
def test_the_first_epochs_are_told_apart_if_there_are_enough(
    epochs: int, early: int | None
) -> None:
    margins = np.linspace(-1, 1, epochs)
    found = learning_dynamics(snapshot_with(rows(1, "train", margins.tolist())))

    assert found is not None
    expected = np.nan if early is None else margins[:early].mean()
    assert found["early_margin"].to_numpy()[0] == pytest.approx(expected, nan_ok=True, abs=1e-6)
    assert np.isnan(found["early_margin"].to_numpy()[1:]).all()
