"""Maps of one question about one sample, by captum.

All are signed and as large as the input: what is strongest is for ranking, what is positive is for
people. Why captum and not `grad-cam`: it takes any function of the input, so that a box, the pixels
of a class, a loss or a likeness to a region are explained like a class; layers work that are
followed by activations in place; and it depends on torch, numpy and little else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from mlflow_latent.explain.layers import SpatialLayer
    from mlflow_latent.explain.subjects import Subject

GRAD_CAM, HIRES_CAM, OCCLUSION, GRADIENT = "grad-cam", "hirescam", "occlusion", "gradient"
METHOD_NAMES = {
    GRAD_CAM: "Grad-CAM",
    HIRES_CAM: "HiResCAM",
    OCCLUSION: "occlusion",
    GRADIENT: "gradient × input",
}
WINDOW, STRIDE = 4, 8  # an occluding square is a quarter of the side, and moves by an eighth
SMOOTHED = 14  # places in a row to which a gradient is averaged: single pixels are noise
VALUES_AT_ONCE = 4 << 20  # numbers of input in one forward pass without gradients: bounds memory


def grad_cam(subject: Subject, number: int, layer: SpatialLayer) -> Tensor:
    """Return (H, W): channels of a layer, weighted by their mean gradient.

    Source: Selvaraju et al. 2017. It is HiResCAM where all that follows sees only the mean over
    places; elsewhere it mixes up places whose channels mean different things.

    Args:
        subject: the sample.
        number: of the question.
        layer: that returns (1, C, h, w).
    """
    from captum.attr import LayerGradCam

    image = subject.image.clone().requires_grad_()
    found = _first(LayerGradCam(subject.ask, layer.module).attribute(image, target=number))
    return _as_input(found.detach().float(), subject)


def hires_cam(subject: Subject, number: int, layers: Sequence[SpatialLayer]) -> list[Tensor]:
    """Return (H, W) for each layer: activation × gradient, place by place, in one pass.

    Source: Draelos and Carin 2020.

    Args:
        subject: the sample.
        number: of the question.
        layers: to look into.
    """
    from captum.attr import LayerGradientXActivation

    image = subject.image.clone().requires_grad_()
    method = LayerGradientXActivation(subject.ask, [layer.module for layer in layers])
    found = method.attribute(image, target=number)
    maps = []
    for layer, values in zip(layers, found, strict=True):
        contribution = _first(values).detach().float()
        shaped = contribution if layer.reshape is None else layer.reshape(contribution)
        maps.append(_as_input(shaped.sum(1, keepdim=True), subject))
    return maps


def occlusion(subject: Subject, number: int) -> Tensor:
    """Return (H, W): how much a question's number falls when a square there is covered.

    Source: Zeiler and Fergus 2014. It needs no gradient, and nothing of the model but its answer.
    """
    from captum.attr import Occlusion

    channels, height, width = subject.image.shape[1:]
    with torch.no_grad():
        found = Occlusion(subject.ask).attribute(
            subject.image,
            sliding_window_shapes=(channels, -(-height // WINDOW), -(-width // WINDOW)),
            strides=(channels, -(-height // STRIDE), -(-width // STRIDE)),
            baselines=cover(subject).expand_as(subject.image),
            target=number,
            perturbations_per_eval=at_once(subject.image),
        )
    plane: Tensor = found.detach().float()[0].mean(0)
    return plane


def gradient(subject: Subject, number: int) -> Tensor:
    """Return (H, W): gradient × difference from the mean color, averaged over small squares.

    To the first order, how much a question's number falls when this place is covered. For a
    question whose number may go either way, how much it changes.

    Source: Shrikumar et al. 2016, with the mean color as the reference.
    """
    from captum.attr import Saliency

    image = subject.image.clone().requires_grad_()
    slope = Saliency(subject.ask).attribute(image, target=number, abs=False).detach().float()
    plane = (slope * (subject.image - cover(subject)).float()).sum(1, keepdim=True)
    if subject.questions[number].measured == "change":
        plane = plane.abs()
    height, width = subject.image.shape[2:]
    places = (min(SMOOTHED, height), min(SMOOTHED, width))
    return _as_input(functional.adaptive_avg_pool2d(plane, places), subject)


def cover(subject: Subject) -> Tensor:
    """Return (1, C, 1, 1) what hides a part of the image: the mean color of the picture."""
    top, left, height, width = subject.content
    picture = subject.image[:, :, top : top + height, left : left + width]
    return picture.float().mean((2, 3), keepdim=True).to(subject.image.dtype)


def at_once(image: Tensor) -> int:
    """Return how many variants of an image are run in one pass."""
    return int(max(1, min(64, VALUES_AT_ONCE // image[0].numel())))


def _as_input(found: Tensor, subject: Subject) -> Tensor:
    size = subject.image.shape[2:]
    return functional.interpolate(found, size, mode="bilinear", align_corners=False)[0, 0]


def _first(found: Tensor | tuple[Tensor, ...]) -> Tensor:
    return found[0] if isinstance(found, tuple) else found
