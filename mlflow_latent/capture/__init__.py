"""Capture: rows into Parquet files in a spool, and from there to the tracking server.

It knows no training framework: what comes in are arrays. The package itself can be called:

```python
import mlflow_latent as ml

ml.capture(model, loader, run_id=run_id, split="fisheye")
```
"""

from __future__ import annotations

from mlflow_latent.calling import make_callable
from mlflow_latent.capture.recorder import Recorder
from mlflow_latent.capture.spool import FileVersion, Spool
from mlflow_latent.capture.uploader import Uploader, UploadSummary

__all__ = ["FileVersion", "Recorder", "Spool", "UploadSummary", "Uploader", "capture"]

capture = make_callable(__name__)
