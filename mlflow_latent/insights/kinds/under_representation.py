"""`under_representation`: regions that hold a smaller share of train than of val."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_latent.insights.registry import register
from mlflow_latent.insights.representation import Direction, both_splits, find_misrepresented

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_latent.insights.base import Context
    from mlflow_latent.report.model import Insight

KIND = "under_representation"


@register(KIND)
def find(context: Context) -> Iterator[Insight]:
    """Test each region: does it hold a smaller share of train than of val?"""
    train, val = both_splits(context)
    direction = Direction(
        kind=KIND,
        more=val,
        less=train,
        word="Under-represented",
        action=("Collect more training samples like these", ", or up-weight those there are."),
    )
    yield from find_misrepresented(context, direction)
