"""`over_representation`: regions that hold a larger share of train than of val."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_latent.insights.registry import register
from mlflow_latent.insights.representation import (
    CATEGORY_SHARES,
    Direction,
    both_splits,
    find_misrepresented,
    find_misrepresented_categories,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_latent.insights.base import Context
    from mlflow_latent.report.model import Insight

KIND = "over_representation"


@register(KIND)
def find(context: Context) -> Iterator[Insight]:
    """Test each region: does it hold a larger share of train than of val?"""
    yield from find_misrepresented(context, _direction(context))


@register(KIND, finder="categories", shares=CATEGORY_SHARES)
def find_categories(context: Context) -> Iterator[Insight]:
    """Test each class and each category of the metadata likewise."""
    yield from find_misrepresented_categories(context, _direction(context))


def _direction(context: Context) -> Direction:
    train, val = both_splits(context)
    return Direction(
        kind=KIND,
        more=train,
        less=val,
        word="Over-represented",
        action=(
            "De-duplicate or down-weight these training samples",
            f", or add such samples to {val} if the model will meet them.",
        ),
    )
