"""What a model looks at: heat-maps by sample, layer and target, each with how far to believe it.

The maps are made by captum; this package knows torch, and nothing below it does. The package itself
can be called:

```python
import mlflow_latent as ml

ml.explain(run_id, model=model, data={"val": loader})
```
"""

from __future__ import annotations

from mlflow_latent.calling import make_callable
from mlflow_latent.explain.choice import Wanted, choose
from mlflow_latent.explain.making import make_heatmaps, require_captum
from mlflow_latent.explain.options import ExplainOptions
from mlflow_latent.explain.regions import RegionProfile
from mlflow_latent.explain.subjects import Sample, Subject, subject_of
from mlflow_latent.explain.terms import Answers, Box, Question, Term
from mlflow_latent.report.heatmaps import Explained

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

explain = make_callable(__name__)
