"""A U-Net with a MobileNetV2 encoder, as a LightningModule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import pytorch_lightning as pl
import segmentation_models_pytorch as smp
import torch
from torch.nn.functional import cross_entropy

from mlflow_latent_examples.segmentation.labels import overlaps

if TYPE_CHECKING:
    from torch import Tensor

    from mlflow_latent_examples.segmentation.labels import LabelSpace

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's
DECODER = (64, 48, 32, 24, 16)  # a quarter of the usual channels: twice as fast on a processor
FLIPPED = 0.5  # of the training images


class SegmentationNet(pl.LightningModule):
    """Tells a label space's classes apart, pixel by pixel.

    Args:
        space: the classes.
        pretrained: start with ImageNet's weights in the encoder, and leave them as they are.
    """

    def __init__(self, space: LabelSpace, *, pretrained: bool) -> None:
        super().__init__()
        weights = _imagenet_if_it_can_be_had() if pretrained else None
        self.space, self.is_frozen = space, weights is not None
        net = smp.Unet(
            "mobilenet_v2",
            encoder_weights=weights,
            decoder_channels=DECODER,
            classes=len(space.classes),
        )
        self.net = net.to(memory_format=torch.channels_last)  # faster on a processor too
        self.net.encoder.requires_grad_(not self.is_frozen)
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1))
        self.register_buffer("std", torch.tensor(STD).view(3, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Return (N, C, H, W) logits of (N, 3, H, W) images in 0…1."""
        normal = (images - self.mean) / self.std
        return self.net(normal.contiguous(memory_format=torch.channels_last))

    def train(self, mode: bool = True) -> Self:  # noqa: FBT001, FBT002 - PyTorch's signature
        """Set the mode; a frozen encoder keeps its statistics too."""
        super().train(mode)
        self.net.encoder.train(mode and not self.is_frozen)
        return self

    def training_step(self, batch: dict[str, Any], _: int) -> Tensor:
        """Return the loss of a batch, some of it mirrored."""
        images, kinds = batch["image"], batch["kinds"]
        flipped = torch.rand(len(images), device=images.device) < FLIPPED
        images = torch.where(flipped.view(-1, 1, 1, 1), images.flip(-1), images)
        kinds = torch.where(flipped.view(-1, 1, 1), kinds.flip(-1), kinds)
        return cross_entropy(self(images), self.space.target(kinds))

    def validation_step(self, batch: dict[str, Any], _: int) -> dict[str, Tensor]:
        """Return each image's mean cross-entropy, its overlaps, and what was found."""
        logits = self(batch["image"])
        loss = cross_entropy(logits, self.space.target(batch["kinds"]), reduction="none")
        prediction = logits.argmax(1)
        found = overlaps(prediction, batch["kinds"])
        self.log("val_loss", loss.mean(), batch_size=len(loss))
        for name, values in found.items():
            self.log(f"val_{name}", values.nanmean(), batch_size=len(values))
        metrics = {f"metric_{name}": values for name, values in found.items()}
        return {"loss": loss.mean((1, 2)), **metrics, "map": prediction}

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return the optimizer."""
        return torch.optim.Adam((p for p in self.parameters() if p.requires_grad), lr=2e-3)


def _imagenet_if_it_can_be_had() -> str | None:
    try:
        smp.encoders.get_encoder("mobilenet_v2", weights="imagenet")
    except OSError as error:
        reason = str(error).split(". ")[0]
        print(
            f"ImageNet's weights cannot be had ({reason}): the encoder is trained from scratch, "
            "with the rest. --from-scratch says so at once"
        )
        return None
    return "imagenet"
