"""What a model looks at: heat-maps by sample, layer and target, each with how far to believe it.

The maps are made by captum; this package knows torch, and nothing below it does. The package itself
can be called:

```python
import mlflow_latent as ml

ml.explain(run_id, model=model, data={"val": loader})
```
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from mlflow_latent.explain.choice import Wanted, choose
from mlflow_latent.explain.making import make_heatmaps, require_captum
from mlflow_latent.explain.options import ExplainOptions
from mlflow_latent.explain.regions import RegionProfile
from mlflow_latent.explain.subjects import Sample, Subject, subject_of
from mlflow_latent.explain.terms import Answers, Box, Question, Term
from mlflow_latent.report.heatmaps import Explained

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

__all__ = [
    "Answers",
    "Box",
    "ExplainOptions",
    "Explained",
    "Question",
    "RegionProfile",
    "Sample",
    "Subject",
    "Term",
    "Wanted",
    "choose",
    "explain",
    "make_heatmaps",
    "require_captum",
    "subject_of",
]


class _Callable(ModuleType):
    """A package that can be called: `ml.explain` is this package as soon as it is imported."""

    def __call__(
        self,
        run: str | Path,
        model: Any,
        data: Any,
        *,
        samples: Sequence[tuple[str, str]] = (),
        options: ExplainOptions | None = None,
        logits: str | None = None,
        pool: str | Callable[[Any], Any] | None = None,
        loss: Callable[[Any, Any], Any] | None = None,
        epoch: int | None = None,
        layer: str | None = None,
        tracking_uri: str | None = None,
        progress: Callable[[str], None] = lambda _: None,
    ) -> Explained:
        """Make heat-maps of a run's samples: see `mlflow_latent.api.explain.explain`."""
        # By name, as what reads a run and logs to it stands above this package.
        explained: Explained = import_module("mlflow_latent.api.explain").explain(
            run,
            model,
            data,
            samples=samples,
            options=options,
            logits=logits,
            pool=pool,
            loss=loss,
            epoch=epoch,
            layer=layer,
            tracking_uri=tracking_uri,
            progress=progress,
        )
        return explained


sys.modules[__name__].__class__ = _Callable
explain = sys.modules[__name__]
