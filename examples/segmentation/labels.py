"""Two label spaces over one map of what is seen, and overlap in terms that both of them have."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from torch import Tensor

# A map knows more than either label space: 0 background, 1 person, 2 car, 3 another vehicle.
VEHICLES = ("car", "bus", "truck", "train")
PERSON, CAR, OTHER_VEHICLE = 1, 2, 3
KINDS = {"person": PERSON, **dict.fromkeys(VEHICLES, OTHER_VEHICLE), "car": CAR}


class LabelSpace(NamedTuple):
    """What a model tells apart.

    Attributes:
        classes: names by index.
        of_kind: class of each kind of pixel in a map.
    """

    classes: tuple[str, ...]
    of_kind: tuple[int, ...]

    def target(self, kinds: Tensor) -> Tensor:
        """Return (…) class indices of a map of kinds."""
        return torch.tensor(self.of_kind, device=kinds.device)[kinds]


CATEGORIES = LabelSpace(("background", "person", "car"), (0, 1, 2, 0))
SUPERCATEGORIES = LabelSpace(("background", "person", "vehicle"), (0, 1, 2, 2))


def overlaps(prediction: Tensor, kinds: Tensor) -> dict[str, Tensor]:
    """Return each image's intersection over union, by class, in both label spaces.

    Both models have two classes beside the background, and what a model's second class finds is
    measured twice: as `vehicle`, against all four kinds of vehicles, and as `car`, against cars
    alone, leaving out the pixels of other vehicles, of which a super-category model cannot say
    that they are no cars. So either model can be held to the other's label space.

    Args:
        prediction: (N, H, W) class indices of either label space.
        kinds: (N, H, W) what is there.

    Returns:
        By name, (N,); NaN (no value, and no part of any mean) where a class is neither in an image
        nor predicted in it; 0 where it is predicted and not there.
    """
    everywhere = torch.ones_like(kinds, dtype=torch.bool)
    found = prediction == 2  # noqa: PLR2004 - car or vehicle
    return {
        "iou_person": _iou(prediction == PERSON, kinds == PERSON, everywhere),
        "iou_car": _iou(found, kinds == CAR, kinds != OTHER_VEHICLE),
        "iou_vehicle": _iou(found, kinds >= CAR, everywhere),
    }


def _iou(found: Tensor, there: Tensor, known: Tensor) -> Tensor:
    both = (found & there & known).sum((1, 2))
    either = ((found | there) & known).sum((1, 2))
    return both / either  # 0 / 0 is NaN
