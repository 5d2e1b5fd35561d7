"""What the callback says to its user: once, and never by an exception."""

from __future__ import annotations

import logging
import warnings

_logger = logging.getLogger(__name__)


class LatentCaptureWarning(UserWarning):
    """Capture cannot do all that was asked; the training goes on."""


class Notices:
    """Says each thing once."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def warn(self, topic: str, text: str) -> None:
        """Warn, if nothing was said about this topic before."""
        if topic not in self._said:
            self._said.add(topic)
            warnings.warn(f"LatentCapture: {text}", LatentCaptureWarning, stacklevel=3)

    def say(self, topic: str, text: str) -> None:
        """Mention something that is no problem, if nothing was said about it before."""
        if topic not in self._said:
            self._said.add(topic)
            _logger.warning("LatentCapture: %s", text)
