"""Which captured epoch is the best so far."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

from mlflow_latent.errors import did_you_mean

if TYPE_CHECKING:
    from lightning_callbacks.notices import Notices
    from lightning_callbacks.settings import Settings


class Monitor:
    """Remembers the best captured epoch.

    Measured by the metric that the user named; else by what the trainer's checkpoints or early
    stopping monitor; else by the mean captured loss of the first validation split.

    Attributes:
        best_epoch: the best captured epoch, None before there is one.
        best_value: its value.
    """

    def __init__(self, settings: Settings, trainer: Any, notices: Notices) -> None:
        self._named, self._notices = settings.monitor is not None, notices
        self._name, self._mode = _choose(settings, trainer)
        self.best_epoch: int | None = None
        self.best_value = math.nan

    def measure(self, trainer: Any, mean_loss: float, *, fresh: bool) -> float:
        """Return this epoch's value, the mean over all processes; NaN if there is none.

        Args:
            trainer: has the metrics logged so far.
            mean_loss: what stands in where no metric is monitored.
            fresh: whether the metrics were logged with the weights that were captured.
        """
        value = mean_loss
        if self._name is not None:
            logged = trainer.callback_metrics.get(self._name)
            value = float(logged) if fresh and logged is not None else math.nan
            if logged is None and self._named:
                self._warn_unknown(trainer)
        if trainer.world_size == 1:
            return value
        everywhere = torch.tensor(value, device=trainer.strategy.root_device)
        return float(trainer.strategy.reduce(everywhere, reduce_op="mean"))

    def update(self, epoch: int, value: float) -> None:
        """Take an epoch's value; the same epoch, captured once more, replaces its value."""
        if self.best_epoch == epoch:
            self.best_epoch, self.best_value = None, math.nan
        if math.isnan(value):
            return
        sign = -1 if self._mode == "max" else 1
        if self.best_epoch is None or sign * value < sign * self.best_value:
            self.best_epoch, self.best_value = epoch, value

    def _warn_unknown(self, trainer: Any) -> None:
        mend = did_you_mean(str(self._name), trainer.callback_metrics)
        self._notices.warn(
            "monitor",
            f"no metric monitor={self._name!r} was logged by the end of validation, so no epoch is "
            f"the best{mend}",
        )


def _choose(settings: Settings, trainer: Any) -> tuple[str | None, str]:
    if settings.monitor is not None:
        return settings.monitor, settings.mode
    for callback in [*trainer.checkpoint_callbacks, *trainer.early_stopping_callbacks]:
        name = getattr(callback, "monitor", None)
        if name is not None:
            return name, callback.mode
    return None, "min"
