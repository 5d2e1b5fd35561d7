"""Reports made of a table, as expectations are asked of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mlflow_latent.report.model import Insight, NotApplicable, Report


def make_frame(size: int = 400, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    target = rng.integers(0, 3, size)
    wrong = rng.random(size) < 0.1
    return pd.DataFrame(
        {
            "sample_id": [f"s{number}" for number in range(size)],
            "split": np.where(np.arange(size) % 4 == 0, "val", "train"),
            "target": pd.array(target, dtype="Int32"),
            "prediction": pd.array(np.where(wrong, (target + 1) % 3, target), dtype="Int32"),
            "loss": rng.exponential(size=size).astype(np.float32),
            "metric_iou": rng.random(size).astype(np.float32),
            "meta_size": rng.random(size).astype(np.float32),
            "meta_weather": pd.array(rng.choice(["sun", "rain", None], size), dtype="string"),
            "meta_colored": pd.array(rng.choice([True, False, None], size), dtype="boolean"),
            "cluster_fine": target * 2 + rng.integers(0, 2, size),
        }
    )


def make_report(frame: pd.DataFrame, insights: tuple[Insight, ...] = (), **changes: Any) -> Report:
    content: dict[str, Any] = {
        "task": "classification",
        "class_names": ("cat", "dog", 'it\'s "odd"'),
        "metrics": {"iou": "higher"},
        "tested_split": "val",
        "reference_split": "train",
        "confidence": 0.95,
        "error_budget": 0.05,
        "parameters": {},
        "splits": (),
        "insights": insights,
        "not_applicable": (NotApplicable(kind="outlier", reason="too few"),),
        "regions": (),
        "curves": (),
    }
    return Report(**(content | changes)).with_samples(frame)


def make_insight(kind: str, samples: tuple[tuple[str, str], ...], **changes: Any) -> Insight:
    content: dict[str, Any] = {
        "kind": kind,
        "title": f"{kind} of {len(samples)}",
        "description": "",
        "action": "",
        "samples": samples,
        "effect": 2.0,
        "effect_name": "mean loss ÷ rest",
        "interval": (1.5, 2.5),
        "p_value": 0.0,
        "q_value": 0.0,
        "severity": 0.5,
        "counts": {},
        "base_rates": {},
    }
    return Insight(**(content | changes))
