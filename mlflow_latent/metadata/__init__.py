"""Metadata of images, boxes and masks: figures that can explain a loss.

```python
from mlflow_latent.metadata import batch_metadata, image_statistics

image_statistics("street.jpg")["brightness"]
LatentCapture("backbone", logits="head", metadata=batch_metadata())
```

Missing is None, never −1. A new metadata function is one new module in `metadata/functions`.
"""

from __future__ import annotations

from mlflow_latent.metadata.batches import batch_metadata
from mlflow_latent.metadata.coco import (
    coco_metadata,
    coco_names,
    coco_objects,
    coco_segments,
    coco_table,
)
from mlflow_latent.metadata.describe import (
    detection_metadata,
    image_statistics,
    mask_metadata,
    segmentation_metadata,
)
from mlflow_latent.metadata.names import ClassNames
from mlflow_latent.metadata.objects import Objects
from mlflow_latent.metadata.pixels import Pixels
from mlflow_latent.metadata.registry import (
    MetadataFunction,
    Quantity,
    metadata_functions,
    register,
)
from mlflow_latent.metadata.segments import Segments
from mlflow_latent.metadata.tables import MetadataWarning, image_table
from mlflow_latent.metadata.yolo import yolo_metadata, yolo_objects, yolo_table

__all__ = [
    "ClassNames",
    "MetadataFunction",
    "MetadataWarning",
    "Objects",
    "Pixels",
    "Quantity",
    "Segments",
    "batch_metadata",
    "coco_metadata",
    "coco_names",
    "coco_objects",
    "coco_segments",
    "coco_table",
    "detection_metadata",
    "image_statistics",
    "image_table",
    "mask_metadata",
    "metadata_functions",
    "register",
    "segmentation_metadata",
    "yolo_metadata",
    "yolo_objects",
    "yolo_table",
]
