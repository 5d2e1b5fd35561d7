"""A thing that can be put into a scene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_latent_examples.streets.canvas import Brush


@dataclass(frozen=True)
class Design:
    """How one object looks.

    Attributes:
        kind: its category.
        length: meters from its rear to its front.
        draw: paints it, looking to the right.
    """

    kind: str
    length: float
    draw: Callable[[Brush], None]
