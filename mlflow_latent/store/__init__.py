"""Captures on disk: where the files are, which of them can be read, a `Snapshot` of an epoch.

A folder of captures mirrors a run's `latent` artifacts:

```
samples/split=val/rank0.parquet                    what a sample is, written once
captures/epoch=00007/split=val/rank0.parquet       what the model made of it, each epoch
```

A file that cannot be read is named in `CaptureStore.problems` and left out; the rest stays usable.
"""

from __future__ import annotations

from mlflow_latent.store.captures import CaptureStore
from mlflow_latent.store.paths import (
    LATENT,
    captures_in,
    captures_shard,
    file_metadata,
    samples_shard,
)

__all__ = [
    "LATENT",
    "CaptureStore",
    "captures_in",
    "captures_shard",
    "file_metadata",
    "samples_shard",
]
