"""A trained module and a loader, captured outside of any training: what `ml.capture` asks for.

Named by the entry point `lightning` of the group `mlflow_latent.adapters`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from lightning_callbacks.explaining import explain_with as explain
from lightning_callbacks.isolation import isolated
from lightning_callbacks.layers import LayerHooks, first_tensor
from lightning_callbacks.notices import Notices
from lightning_callbacks.probes import step_of
from lightning_callbacks.settings import Settings, metadata_sources
from lightning_callbacks.split_capture import SplitCapture
from lightning_callbacks.thumbnails import ThumbnailTap
from mlflow_latent.capture.keep import KeepEmbeddings
from mlflow_latent.errors import CaptureError
from mlflow_latent.media import MEDIA, SpriteWriter, media_folder
from mlflow_latent.schema import PRED_PROBS, PREDICTION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lightning_callbacks.settings import Key, MetadataSource
    from mlflow_latent.capture.adapters import Wanted

__all__ = ["accepts", "capture", "explain"]

VECTORS = 2  # dimensions of (N, C)
SUMS_TO_ONE = 1e-3  # by how much the sum of probabilities in half precision may miss it


def accepts(model: Any) -> bool:
    """Whether the model is a torch module; a LightningModule is one."""
    return isinstance(model, nn.Module)


def capture(
    model: nn.Module,
    loader: Any,
    wanted: Wanted,
    *,
    sample_id: Key | None = None,
    target: Key | None = None,
    metadata: MetadataSource | Sequence[MetadataSource] | None = None,
    thumbnail: str | Callable[[Any], Any] | None = "auto",
    logits: str | None = None,
    loss: Callable[[Any, Any], Any] | None = None,
    device: str | torch.device | None = None,
) -> None:
    """Run a module over a loader, and record what it makes of the samples.

    With labels a LightningModule runs `validation_step`, without `predict_step` if it has one; all
    else is the module called with the batch's first tensor. What is returned is read as in a
    training (`LatentCapture`); a bare tensor (N, C) is taken for logits, or for probabilities where
    its rows are such.

    Args:
        model: trained; as it was afterwards.
        loader: gives the batches.
        wanted: what to capture.
        sample_id: as `LatentCapture` has it, and so all that follow.
        target: class index.
        metadata: of the samples.
        thumbnail: where the pictures come from.
        logits: layer whose output are the logits; default the one that the training named.
        loss: of the step's output and the batch.
        device: where to run; default where the module is.
    """
    settings = _settings(
        wanted,
        sample_id=sample_id,
        target=target,
        metadata=metadata_sources(metadata),
        thumbnail=thumbnail,
        logits=logits or wanted.info.logits,
        loss=loss,
    )
    notices = _Notices(wanted.say)
    whole = () if settings.logits is None else (settings.logits,)
    hooks = LayerHooks(model, settings.layers, settings.pool, whole)
    rows = SplitCapture(
        settings,
        wanted.recorder,
        hooks,
        notices,
        epoch=wanted.epoch,
        split=wanted.split,
        loader=loader,
        labelled=wanted.labelled,
        thumbnails=_thumbnails(settings, wanted, notices),
    )
    with _evaluating(model, device) as place:
        step = step_of(model, labelled=wanted.labelled)
        hooks.attach()
        try:
            for number, batch in enumerate(loader):
                moved = _moved(model, batch, place)
                rows.record(_readable(step(moved, number, 0), model, wanted), moved)
        except BaseException:
            rows.abort()
            raise
        finally:
            hooks.detach()
    rows.close()


class _Notices(Notices):
    """Hands what there is to say to whoever asked for the capture."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__()
        self._say = say

    def warn(self, topic: str, text: str) -> None:
        """Say a thing once."""
        self.say(topic, text)

    def say(self, topic: str, text: str) -> None:
        """Say a thing once."""
        if topic not in self._said:
            self._said.add(topic)
            self._say(text)


def _settings(wanted: Wanted, **given: Any) -> Settings:
    """What a callback would have been asked for: nothing of when, as there is no training."""
    info = wanted.info
    return Settings(
        layers=info.layers,
        pool=wanted.pool or "mean",
        thumbnail_size=wanted.thumbnail_size,
        probes={},
        unlabeled=() if wanted.labelled else (wanted.split,),
        splits=(),
        every_n_epochs=1,
        keep=KeepEmbeddings.parse("all"),
        monitor=None,
        mode="min",
        class_names=info.class_names,
        task=info.task,
        metrics=info.metrics,
        embedding_dtype=wanted.recorder.embedding_dtype,
        spool=None,
        run_id=info.run_id,
        tracking_uri=None,
        analyze=False,
        strict=True,
        **given,
    )


def _thumbnails(settings: Settings, wanted: Wanted, notices: Notices) -> ThumbnailTap | None:
    if settings.thumbnail is None:
        return None
    folder = media_folder(wanted.recorder.root / MEDIA, wanted.split)
    writer = SpriteWriter(folder, settings.thumbnail_size)
    return ThumbnailTap(writer, settings.thumbnail, notices, wanted.split)


@contextmanager
def _evaluating(model: nn.Module, device: str | torch.device | None) -> Iterator[torch.device]:
    """Evaluate inside, and leave the module as it was, and where it was."""
    first = next(iter([*model.parameters(), *model.buffers()]), None)
    home = torch.device("cpu") if first is None else first.device
    place = home if device is None else torch.device(device)
    model.to(place)
    try:
        with isolated(None, model):
            yield place
    finally:
        model.to(home)


def _moved(model: nn.Module, batch: Any, place: torch.device) -> Any:
    """Move a batch as a Trainer would, so that the module's own hooks see it."""
    transfer = getattr(model, "_apply_batch_transfer_handler", None)
    return _to(batch, place) if transfer is None else transfer(batch, device=place)


def _to(batch: Any, place: torch.device) -> Any:
    if isinstance(batch, Tensor):
        return batch.to(place)
    if isinstance(batch, Mapping):
        return {key: _to(value, place) for key, value in batch.items()}
    if isinstance(batch, tuple | list):
        return [_to(value, place) for value in batch]
    return batch


def _readable(outputs: Any, model: nn.Module, wanted: Wanted) -> Any:
    """Return outputs as a step's: a bare tensor of a classifier gets its name.

    Raises:
        CaptureError: a classifier returned something that has no name.
    """
    is_step = wanted.labelled and hasattr(model, "validation_step")
    if is_step or isinstance(outputs, Mapping) or wanted.info.task != "classification":
        return outputs if isinstance(outputs, Mapping) or is_step else {}
    if not isinstance(outputs, Tensor):
        outputs = first_tensor(outputs)
    if not outputs.is_floating_point():
        return {PREDICTION: outputs.reshape(-1)}
    if outputs.ndim > VECTORS:
        raise CaptureError(
            f"the model returned {tuple(outputs.shape)}; pass logits=<the layer that returns the "
            "logits (N, C)>"
        )
    if outputs.ndim == VECTORS and _are_probabilities(outputs):
        return {PRED_PROBS: outputs, PREDICTION: outputs.argmax(1)}
    return {"logits": outputs}


def _are_probabilities(outputs: Tensor) -> bool:
    values = outputs.float()
    sums = values.sum(1)
    return bool((values >= 0).all() and (sums - 1).abs().max() < SUMS_TO_ONE)
