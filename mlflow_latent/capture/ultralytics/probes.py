"""Further splits, run through the validated weights without augmentation."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from mlflow_latent.capture.ultralytics.settings import data_entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_latent.capture.ultralytics.settings import Settings

FRACTIONS = 3  # Ultralytics' fractions: of train, val and test


class Probes:
    """The loaders of the probed splits, made when first asked for.

    Args:
        settings: name the splits.
    """

    def __init__(self, settings: Settings) -> None:
        self._sources = settings.probes
        self._loaders: dict[str, Any] = {}

    def loader(self, trainer: Any, split: str) -> Any:
        """Return the batches of a split, as a validation would have them.

        Args:
            trainer: an Ultralytics trainer.
            split: one of the settings' probes.

        Raises:
            InputError: the data file has no such split.
        """
        if split not in self._loaders:
            source = self._sources[split]
            images = data_entry(trainer.data, split) if source is None else source
            self._loaders[split] = _make_loader(trainer, split, images)
        return self._loaders[split]

    def run(self, trainer: Any, module: Any, loader: Any) -> Iterator[tuple[Any, dict[str, Any]]]:
        """Yield predictions after suppression, and the batch, for each batch of a loader.

        Args:
            trainer: an Ultralytics trainer whose validator has run with `module`.
            module: in eval mode; nothing in it changes.
            loader: from `loader`.
        """
        import torch
        from ultralytics.utils.torch_utils import autocast

        validator = trainer.validator
        half = getattr(validator.args, "quantize", None) == HALF
        with torch.inference_mode():
            for loaded in loader:
                batch = validator.preprocess(loaded)
                with autocast(half, device=validator.device.type):
                    output = module(batch["img"])
                yield validator.postprocess(output), batch

    def close(self) -> None:
        """End the loaders' worker processes."""
        for loader in self._loaders.values():
            if hasattr(loader, "close"):
                loader.close()
        self._loaders.clear()


HALF = 16  # bits: what a validator's `quantize` says when it validates in half precision


def _make_loader(trainer: Any, split: str, images: Any) -> Any:
    """A loader made by the trainer itself, so that its own data sets are respected."""
    from ultralytics.data.utils import get_split_fraction

    args = trainer.args
    lent = copy(args)
    lent.cache = False  # a second copy of the train images in memory is nobody's wish
    if hasattr(args, "fraction"):  # in mode "val" it would be that of the validation split
        lent.fraction = [get_split_fraction(args.fraction, split)] * FRACTIONS
    trainer.args = lent
    try:
        size = trainer.test_loader.batch_size
        return trainer.get_dataloader(images, batch_size=size, mode="val")
    finally:
        trainer.args = args
