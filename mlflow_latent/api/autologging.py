"""MLflow's autologging kept out of our own calls."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def unlogged() -> Iterator[None]:
    """Keep autologging out, as a context or a decorator: what is fitted here is nobody's model."""
    if "mlflow" not in sys.modules:  # then nothing is logged by itself
        yield
        return
    from mlflow_latent.tracking import without_autologging

    with without_autologging():
        yield
