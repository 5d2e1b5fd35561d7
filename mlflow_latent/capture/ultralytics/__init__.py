"""Capture from Ultralytics: YOLO detectors and segmenters, by two lines more in a script.

```python
from mlflow_latent.capture.ultralytics import attach

model = YOLO("yolo11n.pt")
attach(model)
model.train(data="coco128.yaml", epochs=100)
```

This package is an adapter, as `lightning_callbacks` is: it stands above all the rest, and nothing
in `mlflow_latent` imports it. torch and ultralytics are loaded when they are used.
"""

from __future__ import annotations

from mlflow_latent.capture.ultralytics.attachment import UltralyticsCapture, attach
from mlflow_latent.capture.ultralytics.guard import UltralyticsCaptureWarning

__all__ = ["UltralyticsCapture", "UltralyticsCaptureWarning", "attach"]
