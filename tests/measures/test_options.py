from __future__ import annotations

import pytest

from mlflow_latent.errors import InputError
from mlflow_latent.measures import MeasureOptions


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"n_neighbors": 0}, "n_neighbors must be at least 1, got 0"),
        ({"n_fine": -3}, "n_fine must be at least 1, got -3"),
        ({"min_recall": 1.5}, "min_recall must be from 0.0 to 1.0, got 1.5"),
        ({"random_state": -1}, "random_state must be from 0"),
        ({"n_landmarks": float("nan")}, "n_landmarks must be a whole number, got nan"),
        ({"n_landmarks": 99}, "n_landmarks must be at least 100, got 99"),
        ({"n_coarse": "a"}, "n_coarse must be a whole number, got 'a'"),
        ({"n_neighbors": None}, "n_neighbors must be a whole number, got None"),
        ({"random_state": True}, "random_state must be a whole number, got True"),
        ({"min_recall": "a"}, "min_recall must be from 0.0 to 1.0, got 'a'"),
        ({"projection": "umpa"}, "did you mean 'umap'"),
        ({"clustering": "spectral"}, "clustering 'spectral' is unknown"),
    ],
)
def test_refuses_what_cannot_be(choice: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        MeasureOptions(**choice)  # type: ignore[arg-type]
