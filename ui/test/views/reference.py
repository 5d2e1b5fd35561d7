# ruff: noqa: INP001 - a script beside the tests in Node, not a module of a package
"""Works out with scipy, and with the analysis's own code, what the page's statistics must say.

`python ui/test/views/reference.py` rewrites `reference.json` beside it; the tests in Node read it.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from scipy import stats

from mlflow_latent.curves import make_bins, make_curve
from mlflow_latent.evidence import mean_interval, moments, share_difference, superiority, welch
from mlflow_latent.fields import collect_fields
from mlflow_latent.snapshot import Snapshot

CONFIDENCE = 0.95
SAMPLES = 400
MISSING, TRAIN = 0.1, 0.7  # shares of the samples


def main() -> None:
    """Write the file."""
    random = np.random.default_rng(0)
    content = {
        "normal": _normal(),
        "student": _student(),
        "superiority": [_superiority(random, *case) for case in SUPERIORITY],
        "shares": _shares(),
        "means": [_means(random, n, m) for n, m in ((5, 9), (2, 40), (300, 1000))],
        "curves": _curves(random),
        "quantiles": _quantiles(random),
    }
    path = Path(__file__).with_name("reference.json")
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")


SUPERIORITY = (
    (5, 7, 0.0, 0),
    (40, 60, 1.0, 1),
    (3, 200, -2.0, 2),
    (500, 300, 0.1, 1),
    (10, 10, 50.0, 1),
)
"""Samples inside and outside, shift, decimals (few make ties)."""


def _normal() -> list[tuple[float, float]]:
    probabilities = [1e-9, 0.001, 0.02, 0.025, 0.3, 0.5, 0.7, 0.975, 0.9999, 1 - 1e-9]
    return [(p, float(stats.norm.ppf(p))) for p in probabilities]


def _student() -> list[tuple[float, float, float]]:
    probabilities, degrees = [0.6, 0.95, 0.975, 0.995, 0.9999], [0.5, 1, 2, 3.7, 10, 250, 1e5, 1e9]
    return [(p, d, float(stats.t.ppf(p, d))) for p in probabilities for d in degrees]


def _superiority(random: np.random.Generator, n: int, m: int, shift: float, decimals: int) -> dict:
    inside = np.round(random.normal(shift, 1, n), decimals).astype(np.float32)
    outside = np.round(random.normal(0, 1, m), decimals).astype(np.float32)
    ranks = stats.rankdata(np.concatenate([inside, outside]))
    delta, lower, upper, _ = superiority(ranks, np.arange(n + m) < n, CONFIDENCE)
    return {
        "inside": inside.tolist(),
        "outside": outside.tolist(),
        "evidence": [delta, lower, upper],
    }


def _shares() -> list[dict]:
    cases = [((3, 10), (1, 100)), ((0, 5), (5, 5)), ((50, 100), (500, 1000)), ((7, 7), (0, 9))]
    return [
        {
            "first": first,
            "second": second,
            "evidence": share_difference(first, second, CONFIDENCE)[:3],
        }
        for first, second in cases
    ]


def _means(random: np.random.Generator, n: int, m: int) -> dict:
    values = np.concatenate([random.gamma(2, 1, n), random.gamma(2, 0.5, m)])
    of = moments(values, np.repeat([0, 1], [n, m]), 2)
    lower, upper = mean_interval(of, CONFIDENCE)
    first, second = (type(of)(of.n[[i]], of.mean[[i]], of.variance[[i]]) for i in (0, 1))
    difference = welch(first, second, CONFIDENCE)
    return {
        "first": values[:n].tolist(),
        "second": values[n:].tolist(),
        "interval": [float(of.mean[0]), float(lower[0]), float(upper[0])],
        "difference": [
            float(difference.effect[0]),
            float(difference.lower[0]),
            float(difference.upper[0]),
        ],
    }


def _quantiles(random: np.random.Generator) -> dict:
    values = np.sort(random.normal(size=37).astype(np.float32))
    shares = [0, 0.01, 0.1, 0.25, 0.5, 0.9, 1]
    return {
        "values": values.tolist(),
        "quantiles": [(s, float(np.quantile(values.astype(float), s))) for s in shares],
        "percentile": float(stats.percentileofscore(values, values[20], kind="mean")) / 100,
        "of": float(values[20]),
    }


def _curves(random: np.random.Generator) -> dict:
    """Curves of a number, a number of few values and a category, with values that are missing."""
    number = random.gamma(2, 1, SAMPLES).astype(np.float32)
    number[random.random(SAMPLES) < MISSING] = np.nan
    few = random.integers(0, 5, SAMPLES).astype(np.float32)
    names = np.array([f"kind {i:02d}" for i in range(30)], dtype=object)
    category = names[np.minimum(random.geometric(0.12, SAMPLES) - 1, 29)]
    loss = random.gamma(1, 1, SAMPLES).astype(np.float32)
    split = np.where(random.random(SAMPLES) < TRAIN, "train", "val")
    snapshot = Snapshot.from_arrays(
        sample_id=[f"s{i}" for i in range(SAMPLES)],
        split=split,
        embedding=random.normal(size=(SAMPLES, 3)).astype(np.float32),
        loss=loss,
        metadata={"number": number, "few": few, "category": category},
    )
    fields = {field.name: field for field in collect_fields(snapshot).usable}
    curves = [
        make_curve(
            snapshot, ("loss", loss), field, bins, tested="val", confidence=CONFIDENCE
        ).model_dump(mode="json")
        for field in fields.values()
        for bins in make_bins(field)
    ]
    return {
        "number": [_null(value) for value in number],
        "few": few.tolist(),
        "category": category.tolist(),
        "loss": loss.tolist(),
        "split": split.tolist(),
        "curves": curves,
    }


def _null(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


if __name__ == "__main__":
    main()
