"""How warm or cold an image's light is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.metadata.color import GREATEST_KELVIN, LEAST_KELVIN, temperature_of
from mlflow_latent.metadata.registry import Quantity, register

if TYPE_CHECKING:
    from mlflow_latent.metadata.pixels import Pixels


@register("image", {"color_temperature": Quantity("kelvin", LEAST_KELVIN, GREATEST_KELVIN)})
def color_temperature(image: Pixels) -> float:
    """Return the correlated color temperature of the image's mean light, in kelvin.

    Low is warm (a candle 1,900, a lamp 2,856), high is cold (daylight 6,504, shade 8,000 and more);
    gray has that of sRGB's white, 6,504 K. The mean light stands for the lamp's (the gray world of
    Buchsbaum 1980), so a lawn is read as green light. Missing for black, for what is far from every
    black body's color (over 0.05 in CIE 1960 u, v), and outside of 1,667…25,000 K.
    Source: CIE 15 for the definition, Kim et al. 2002 for the Planckian locus.
    """
    return temperature_of(image.linear.mean(axis=(1, 2), dtype=np.float64))
