from __future__ import annotations

import pytest

from mlflow_latent.errors import InputError
from mlflow_latent.insights import InsightOptions


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"confidence": 95}, "confidence must be from 0 to 1, got 95"),
        ({"confidence": 1}, "confidence must be between 0 and 1, got 1"),
        ({"error_budget": -1}, "error_budget must be from 0 to 1, got -1"),
        ({"error_budget": "5 %"}, "error_budget must be from 0 to 1, got '5 %'"),
        ({"min_samples": 0}, "min_samples must be at least 1, got 0"),
        ({"min_samples": 2.5}, "min_samples must be a whole number, got 2.5"),
        ({"max_fields": -1}, "max_fields must be at least 0, got -1"),
        ({"min_loss_ratio": 0.5}, "min_loss_ratio must be at least 1, got 0.5"),
        ({"min_odds_ratio": 0}, "min_odds_ratio must be at least 1, got 0"),
        ({"min_gap_excess": -1}, "min_gap_excess must be at least 0, got -1"),
        ({"min_field_effect": 2}, "min_field_effect must be from -1 to 1, got 2"),
    ],
)
def test_refuses_what_cannot_be(choice: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        InsightOptions(**choice)  # type: ignore[arg-type]
