"""Keeps what goes wrong in capture away from the training, in all processes at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightning_callbacks.notices import Notices

Result = TypeVar("Result")


class Safety:
    """Attempts things; after the first failure does nothing any more.

    In distributed training one process must not stop on its own: the others would wait for it. So
    a failure only makes it idle, until all have agreed to stop, at a place that all pass.

    Args:
        notices: says what failed.
        strict: raise instead.
    """

    def __init__(self, notices: Notices, *, strict: bool) -> None:
        self._notices, self._strict = notices, strict
        self._broken = False

    def attempt(self, action: Callable[[], Result]) -> Result | None:
        """Return what the action returns; None, and a warning, if it fails or one has failed."""
        if self._broken:
            return None
        try:
            return action()
        except Exception as error:
            if self._strict:
                raise
            self._broken = True
            self._notices.warn(
                "failure",
                f"capture is off for the rest of this training, which goes on as it would: "
                f"{type(error).__name__}: {error}",
            )
            return None

    def agree(self, trainer: Any) -> bool:
        """Whether nothing has failed in any process; all of them must ask."""
        if trainer.world_size == 1:
            return not self._broken
        well = bool(trainer.strategy.reduce_boolean_decision(not self._broken, all=True))
        if not well and not self._broken:
            self._broken = True
            self._notices.warn("failure", "capture is off, as it failed in another process")
        return well
