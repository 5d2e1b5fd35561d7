"""`over_representation`: regions that hold a larger share of train than of val."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_latent.insights.registry import register
from mlflow_latent.insights.representation import Direction, both_splits, find_misrepresented

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_latent.insights.base import Context
    from mlflow_latent.report.model import Insight

KIND = "over_representation"


@register(KIND)
def find(context: Context) -> Iterator[Insight]:
    """Test each region: does it hold a larger share of train than of val?"""
    train, val = both_splits(context)
    direction = Direction(
        kind=KIND,
        more=train,
        less=val,
        word="Over-represented",
        action=(
            "De-duplicate or down-weight these training samples",
            f", or add such samples to {val} if the model will meet them.",
        ),
    )
    yield from find_misrepresented(context, direction)
