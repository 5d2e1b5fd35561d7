"""The loss of single objects: the criterion's own terms of the anchors that it gave each of them.

A criterion assigns anchors to each true object, weighs them by a target score, and sums terms over
all of them. What its parts are called with is listened to while it runs, and each object's share is
then computed by the very same parts, from that object's anchors alone.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from mlflow_latent.capture.ultralytics.losses import SEMANTIC, loss_column
from mlflow_latent.errors import CaptureError
from mlflow_latent.schema import LOSS, LOSS_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

PARTS = ("assigner", "bce", "bbox_loss")
MASK_LOSS = "calculate_segmentation_loss"
SCORES, FOREGROUND, OWNER = 2, 3, 4  # places in what the assigner returns
DISTANCES = ("dfl", "l1")  # how the loss of a box's sides is called
NO_WEIGHT = 1e-6  # a sum of target scores below which no anchor overlaps the object at all


@dataclass(frozen=True, eq=False)
class ObjectTerms:
    """What a criterion says of the K true objects of one image.

    Attributes:
        losses: (K,) each, by column: `loss`, `loss_box`, `loss_cls`, …; an object that got no
            anchor is judged by the one nearest to its center, its mask (NaN) not at all.
        added: (K,) what each object adds to its image's loss, 0 of one that got no anchor; their
            sum is the image's loss without the class loss of anchors that belong to no object.
        probabilities: (K, C) scores of the classes at the object's anchors, scaled to sum to 1.
    """

    losses: dict[str, Tensor]
    added: Tensor
    probabilities: Tensor


class CriterionTap:
    """Listens to the parts of a criterion while it is open.

    Args:
        criterion: of a YOLO11 or YOLOv8 model.

    Raises:
        CaptureError: the criterion is made of other parts.
    """

    def __init__(self, criterion: Any) -> None:
        missing = [name for name in PARTS if not hasattr(criterion, name)]
        if missing or not hasattr(criterion, "hyp"):
            raise CaptureError(
                f"objects=True takes the criterion of a YOLO11 or YOLOv8 model; "
                f"{type(criterion).__name__} has no {(missing or ['hyp'])[0]!r}"
            )
        self._criterion = criterion
        self._heard: dict[str, Any] = {}
        self._handles: list[Any] = []

    def __enter__(self) -> Self:
        """Start listening."""
        criterion, heard = self._criterion, self._heard

        def hear_assigner(_module: Any, _inputs: Any, output: Any) -> None:
            heard["assigned"] = output

        def hear_bce(_module: Any, inputs: Any, output: Any) -> None:
            heard["logits"], heard["bce"] = inputs[0], output

        def hear_boxes(module: Any, args: Any, kwargs: Any) -> None:
            heard["boxes"] = inspect.signature(module.forward).bind(*args, **kwargs).arguments

        self._handles = [
            criterion.assigner.register_forward_hook(hear_assigner),
            criterion.bce.register_forward_hook(hear_bce),
            criterion.bbox_loss.register_forward_pre_hook(hear_boxes, with_kwargs=True),
        ]
        if hasattr(criterion, MASK_LOSS):
            compute = getattr(criterion, MASK_LOSS)

            def hear_masks(*args: Any, **kwargs: Any) -> Any:
                heard["masks"] = inspect.signature(compute).bind(*args, **kwargs).arguments
                return compute(*args, **kwargs)

            setattr(criterion, MASK_LOSS, hear_masks)
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the criterion as it was."""
        while self._handles:
            self._handles.pop().remove()
        vars(self._criterion).pop(MASK_LOSS, None)
        self._heard.clear()

    def take(self, labels: Mapping[str, Any] | None) -> ObjectTerms | None:
        """Return the terms of the image that the criterion was called with last, and forget it.

        Args:
            labels: of the image, as the criterion got them; None where they cannot be used.

        Returns:
            None of an image without objects, or without usable labels.
        """
        heard = dict(self._heard)
        self._heard.clear()
        if labels is None or not len(labels["bboxes"]):
            return None
        return _Terms(self._criterion, heard, labels["bboxes"]).split()


class _Terms:
    """What was heard of one image, to be split by the objects that anchors belong to."""

    def __init__(self, criterion: Any, heard: dict[str, Any], true_boxes: Tensor) -> None:
        import torch

        assigned = heard["assigned"]
        self._criterion = criterion
        self._boxes, self._masks = heard["boxes"], heard.get("masks")
        self._weight = assigned[SCORES][0].float().sum(-1)  # (A,)
        self._foreground, self._owner = assigned[FOREGROUND][0].bool(), assigned[OWNER][0]
        self._bce = heard["bce"][0].float().sum(-1)  # (A,), its class weights already in it
        self._scores = heard["logits"][0].float().sigmoid()  # (A, C)
        self._norm = self._boxes["target_scores_sum"]
        pixels = true_boxes.to(self._weight) * self._boxes["imgsz"].flip(0).repeat(2)
        centers, halves = pixels[:, :2], pixels[:, 2:] / 2
        self._corners = torch.cat((centers - halves, centers + halves), 1)  # (K, 4) in pixels

    def split(self) -> ObjectTerms:
        """Return the terms of the image's objects."""
        import torch

        found = [self._object(number) for number in range(len(self._corners))]
        names = [LOSS, *map(loss_column, self._criterion.loss_names)]
        nothing = self._weight.new_tensor(float("nan"))
        return ObjectTerms(
            {
                name: torch.stack([losses.get(name, nothing) for losses, _, _ in found])
                for name in names
                if name != f"{LOSS_PREFIX}{SEMANTIC}"  # of the image as a whole
            },
            torch.stack([added for _, added, _ in found]),
            torch.stack([scores / scores.sum().clamp(min=1e-12) for _, _, scores in found]),
        )

    def _object(self, number: int) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """Losses by column, what is added to the image's, and the scores of the classes."""
        mine = self._foreground & (self._owner == number)
        is_seen = bool(mine.any())
        if not is_seen:
            mine = self._nearest(number)
        total = (self._weight * mine).sum() * is_seen
        weight = self._weight * mine if total > NO_WEIGHT else mine.float()
        anchors = mine.sum()
        gains, names = self._criterion.hyp, self._criterion.loss_names
        third = next(name for name in names if name.startswith(DISTANCES))
        box, distance = self._box_terms(number, mine, weight)
        bce = (self._bce * mine).sum() * gains.cls
        losses = {
            f"{LOSS_PREFIX}box": box * gains.box,
            f"{LOSS_PREFIX}cls": bce / anchors,
            loss_column(third): distance * gains.dfl,
        }
        share = total / self._norm if total > NO_WEIGHT else total * 0
        added = (box * gains.box + distance * gains.dfl) * share + bce / self._norm
        if self._masks is not None and is_seen:
            mask = self._mask_term(self._masks, number, mine) * gains.box
            losses[f"{LOSS_PREFIX}seg"] = mask
            added = added + mask * anchors / self._foreground.sum()
        scores = (self._scores * weight[:, None]).sum(0) / weight.sum()
        return {LOSS: sum(losses.values(), start=added * 0), **losses}, added * is_seen, scores

    def _box_terms(self, number: int, mine: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Box and distance losses of some anchors: means, weighted as the criterion weighs them."""
        stride = self._boxes["stride"]
        arguments = self._boxes | {
            "fg_mask": mine[None],
            "target_bboxes": (self._corners[number] / stride)[None],
            "target_scores": weight[None, :, None],
            "target_scores_sum": weight.sum(),
        }
        found = self._criterion.bbox_loss.forward(**arguments)  # not by its hooks
        return found[0], found[1]

    def _mask_term(self, heard: dict[str, Any], number: int, mine: Tensor) -> Tensor:
        """Mask loss of some anchors, the mean over them."""
        arguments = heard | {
            "fg_mask": mine[None],
            "target_gt_idx": self._owner.new_full((1, len(mine)), number),
            "target_bboxes": self._corners[number].expand(1, len(mine), 4),
        }
        compute = getattr(type(self._criterion), MASK_LOSS)
        found: Tensor = compute(self._criterion, **arguments)
        return found

    def _nearest(self, number: int) -> Tensor:
        """Mask of the anchor nearest to the center of an object that got none."""
        points = self._boxes["anchor_points"] * self._boxes["stride"]
        box = self._corners[number]
        distance = ((points - (box[:2] + box[2:]) / 2) ** 2).sum(-1)
        mask: Tensor = self._foreground.new_zeros(len(distance))
        mask[distance.argmin()] = True
        return mask
