"""Keeps what goes wrong in capture away from the training, and says it once."""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")
_logger = logging.getLogger(__name__)


class UltralyticsCaptureWarning(UserWarning):
    """Capture cannot do all that was asked; the training goes on."""


class Guard:
    """Attempts things; after the first failure does nothing any more.

    Args:
        strict: raise instead.
    """

    def __init__(self, *, strict: bool) -> None:
        self._strict = strict
        self._said: set[str] = set()
        self.is_off = False

    def attempt(self, action: Callable[[], Result]) -> Result | None:
        """Return what the action returns; None, and a warning, if it fails or one has failed."""
        if self.is_off:
            return None
        try:
            return action()
        except Exception as error:
            if self._strict:
                raise
            self.is_off = True
            self.warn(
                "failure",
                "capture is off for the rest of this training, which goes on as it would: "
                f"{type(error).__name__}: {error}",
            )
            return None

    def warn(self, topic: str, text: str) -> None:
        """Warn, if nothing was said about this topic before."""
        if topic not in self._said:
            self._said.add(topic)
            warnings.warn(f"mlflow-latent: {text}", UltralyticsCaptureWarning, stacklevel=3)

    def say(self, topic: str, text: str) -> None:
        """Mention something that is no problem, if nothing was said about it before."""
        if topic not in self._said:
            self._said.add(topic)
            _logger.warning("mlflow-latent: %s", text)
