"""Lightning callbacks: when to capture, and what a batch is.

```python
from lightning_callbacks import LatentCapture
```
"""

from __future__ import annotations

from lightning_callbacks.latent_capture import LatentCapture
from lightning_callbacks.notices import LatentCaptureWarning

__all__ = ["LatentCapture", "LatentCaptureWarning"]
