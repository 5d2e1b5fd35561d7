"""Capture: rows into Parquet files in a spool, and from there to the tracking server.

It knows no training framework: what comes in are arrays. The package itself can be called:

```python
import mlflow_latent as ml

ml.capture(model, loader, run_id=run_id, split="fisheye")
```
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from mlflow_latent.capture.recorder import Recorder
from mlflow_latent.capture.spool import FileVersion, Spool
from mlflow_latent.capture.uploader import Uploader, UploadSummary

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["FileVersion", "Recorder", "Spool", "UploadSummary", "Uploader", "capture"]


class _Callable(ModuleType):
    """A package that can be called: `ml.capture` is this package as soon as it is imported."""

    def __call__(
        self,
        model: Any,
        loader: Any,
        *,
        run_id: str | Path,
        split: str = "unlabeled",
        labelled: bool = False,
        epoch: int | None = None,
        pool: str | Callable[[Any], Any] | None = None,
        replace: bool = False,
        tracking_uri: str | None = None,
        **options: Any,
    ) -> Any:
        """Capture a split with a trained model: see `mlflow_latent.api.capture.capture`."""
        # By name, as what runs a capture and logs it stands above this package.
        run = import_module("mlflow_latent.api.capture").capture
        return run(
            model,
            loader,
            run_id=run_id,
            split=split,
            labelled=labelled,
            epoch=epoch,
            pool=pool,
            replace=replace,
            tracking_uri=tracking_uri,
            **options,
        )


sys.modules[__name__].__class__ = _Callable
capture = sys.modules[__name__]
