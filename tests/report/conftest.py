"""Reports as an analysis would make them: from real digits, and from a synthetic 122,000."""

from __future__ import annotations

from itertools import pairwise
from time import process_time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression

from mlflow_latent.report.figures import render_figures
from mlflow_latent.report.model import (
    Curve,
    CurveBin,
    Insight,
    NotApplicable,
    Region,
    Report,
    SeparatingField,
    SplitSummary,
)
from mlflow_latent.schema import DroppedRows

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "<img src=x onerror=\"document.title='broken'\">"

TITLES = {
    "low_performance": "Loss {ratio:.1f} × the rest of val in a region of {n} samples",
    "overfitting": "Loss gap {ratio:.1f} × that of all samples in a region of {n} samples",
    "over_representation": "Odds of train {ratio:.1f} × those of val in a region of {n} samples",
    "under_representation": "Odds of train {ratio:.1f} × those of val in a region of {n} samples",
}


def around(value: float, spread: float) -> tuple[float, float]:
    return (value - spread, value + spread)


def digits_table() -> pd.DataFrame:
    digits = load_digits()
    size = len(digits.target)
    rng = np.random.default_rng(7)
    split = np.where(rng.random(size) < 0.7, "train", "val")
    images = digits.data + rng.normal(scale=1, size=digits.data.shape)
    train = split == "train"
    model = LogisticRegression(max_iter=200, C=0.3).fit(images[train] / 16, digits.target[train])
    plane = LinearDiscriminantAnalysis(n_components=2).fit_transform(images, digits.target)
    probabilities = model.predict_proba(images / 16)
    return pd.DataFrame(
        {
            "sample_id": [f"digit-{row:04d}" for row in range(size)],
            "split": split,
            "target": pd.array(digits.target, dtype="Int32"),
            "prediction": pd.array(probabilities.argmax(axis=1), dtype="Int32"),
            "loss": -np.log(probabilities[np.arange(size), digits.target]).astype(np.float32),
            "meta_brightness": images.mean(axis=1),
            "meta_stroke": np.where(images.max(axis=1) > 17.8, "bold", "thin"),
            **located(plane),
            "cluster_coarse": KMeans(10, n_init=1, random_state=0).fit_predict(images),
            "cluster_fine": KMeans(40, n_init=1, random_state=0).fit_predict(images),
        }
    )


def synthetic_table(size: int = 122_000) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    blob = rng.choice(50, size=size, p=rng.dirichlet(np.full(50, 2.0)))
    centers = rng.uniform(-1, 1, size=(50, 2))
    spread = rng.uniform(0.02, 0.11, size=(50, 1))
    hard = rng.normal(-2.5, 1.2, size=50)
    loss = rng.lognormal(hard[blob], 1.3).astype(np.float32)
    target = (blob * 7 + rng.integers(0, 4, size)) % 80
    return pd.DataFrame(
        {
            "sample_id": np.arange(size).astype(str),
            "split": np.where(rng.random(size) < 0.04 + 0.1 * (blob == 9), "val", "train"),
            "target": pd.array(target, dtype="Int32"),
            "prediction": pd.array(
                np.where(loss > 1, rng.integers(0, 80, size), target), dtype="Int32"
            ),
            "loss": loss,
            "meta_brightness": rng.beta(2, 4, size),
            "meta_stroke": rng.choice(["bold", "thin"], size),
            **located(centers[blob] + rng.normal(size=(size, 2)) * spread[blob]),
            "cluster_coarse": blob % 12,
            "cluster_fine": blob,
        }
    )


def located(points: np.ndarray) -> dict[str, Any]:
    middle = (points.max(axis=0) + points.min(axis=0)) / 2
    scaled = (points - middle) / (np.ptp(points, axis=0).max() / 2)
    return {
        "projection_x": scaled[:, 0].astype(np.float32),
        "projection_y": scaled[:, 1].astype(np.float32),
    }


def regions_of(table: pd.DataFrame) -> list[Region]:
    return [
        region_of(table, level, number)
        for level in ("coarse", "fine")
        for number in sorted(table[f"cluster_{level}"].unique())
    ]


def region_of(table: pd.DataFrame, level: str, number: int) -> Region:
    rows = table[table[f"cluster_{level}"] == number]
    return Region(
        id=f"{level}/{number}",
        level=level,
        n=len(rows),
        counts=rows["split"].value_counts().to_dict(),
        mean_loss=rows.groupby("split")["loss"].mean().to_dict(),
        stability=0.87,
        typical=tuple(zip(rows["split"][:12], rows["sample_id"][:12], strict=True)),
        main_class=f"class {rows['target'].mode()[0]}",
        main_class_share=0.8,
    )


def insight_of(table: pd.DataFrame, kind: str, number: int, severity: float) -> Insight:
    rows = table[table["cluster_fine"] == number]
    if kind == "low_performance":
        rows = rows[rows["split"] == "val"]
    rest = table[(table["cluster_fine"] != number) & (table["split"] == "val")]
    inside, outside = float(rows["loss"].mean()), float(rest["loss"].mean())
    ratio = inside / outside
    return Insight(
        kind=kind,
        title=TITLES[kind].format(ratio=ratio, n=len(rows)),
        description=f"Mean loss {inside:.3g} against {outside:.3g} in the rest of val.",
        action="Look at these samples: collect more like them, or correct their labels.",
        region=f"fine/{number}",
        split="val",
        samples=tuple(zip(rows["split"], rows["sample_id"], strict=True)),
        effect=ratio,
        effect_name="loss_ratio" if "representation" not in kind else "log_odds_ratio",
        interval=(ratio * 0.7, None if kind == "overfitting" else ratio * 1.4),
        p_value=0.00001,
        q_value=0.0002 if severity > 0.5 else 0.0123,
        severity=severity,
        counts=rows["split"].value_counts().to_dict(),
        base_rates={"loss_rest_of_val": outside, "share_of_val": 0.041},
        metadata=fields(),
    )


def fields() -> tuple[SeparatingField, ...]:
    common: dict[str, Any] = {"interval": (-0.71, -0.49), "q_value": 0.0004}
    return (
        SeparatingField(
            name="brightness",
            direction="lower",
            effect=-0.62,
            effect_name="cliffs_delta",
            inside=0.21,
            outside=0.48,
            similar_fields=("brightness_median", "value_mean"),
            **common,
        ),
        SeparatingField(
            name="stroke",
            direction="more_frequent",
            category="bold",
            effect=0.31,
            effect_name="difference_of_shares",
            inside=0.72,
            outside=0.41,
            interval=(0.2, 0.4),
            q_value=0.02,
        ),
    )


def curves_of(table: pd.DataFrame) -> tuple[Curve, ...]:
    strength = {"quantile": 0.31, "equal_width": 0.29}
    numeric = [
        Curve(
            field="brightness",
            measure="loss",
            binning=binning,
            series={split: number_bins(rows, binning) for split, rows in table.groupby("split")},
            strength=value,
            similar_fields=("brightness_median",),
        )
        for binning, value in strength.items()
    ]
    series = {split: category_bins(rows) for split, rows in table.groupby("split")}
    return (
        *numeric,
        Curve(field="stroke", measure="loss", binning="categorical", series=series, strength=0.05),
    )


def number_bins(rows: pd.DataFrame, binning: str) -> tuple[CurveBin, ...]:
    values = rows["meta_brightness"]
    if binning == "quantile":
        edges = np.unique(np.quantile(values, np.linspace(0, 1, 9)))
    else:
        edges = np.linspace(values.min(), values.max(), 11)
    place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    return tuple(
        bin_of(rows["loss"][place == number], f"{low:.3g} to {high:.3g}", low, high)
        for number, (low, high) in enumerate(pairwise(edges))
    )


def category_bins(rows: pd.DataFrame) -> tuple[CurveBin, ...]:
    return tuple(bin_of(group["loss"], str(name)) for name, group in rows.groupby("meta_stroke"))


def bin_of(
    loss: pd.Series, label: str, low: float | None = None, high: float | None = None
) -> CurveBin:
    enough = len(loss) > 1
    mean = float(loss.mean()) if enough else None
    error = 1.96 * float(loss.std()) / len(loss) ** 0.5 if enough else 0.0
    return CurveBin(
        label=label,
        lower=low,
        upper=high,
        n=len(loss),
        mean=mean,
        interval=around(mean, error) if mean is not None else (None, None),
    )


def worst(table: pd.DataFrame, least: int = 9) -> list[int]:
    val = table[table["split"] == "val"].groupby("cluster_fine")["loss"].agg(["mean", "size"])
    enough = val[val["size"] >= least].sort_values("mean", ascending=False)
    return [int(number) for number in enough.index]


def report_of(table: pd.DataFrame, **changes: Any) -> Report:
    hard = worst(table)
    kinds = ["low_performance", "overfitting", "over_representation", "under_representation"]
    insights = [
        insight_of(table, kind, number, severity)
        for kind, number, severity in zip(kinds, hard, (0.91, 0.72, 0.4, 0.3), strict=False)
    ]
    merged = insight_of(table, "low_performance", hard[0], 0.2)
    insights[0] = insights[0].model_copy(update={"children": (merged,)})
    content = {
        "run_id": "4f0a93c2d1",
        "epoch": 7,
        "layer": "backbone.4",
        "task": "classification",
        "class_names": tuple(f"class {number}" for number in range(80)),
        "tested_split": "val",
        "reference_split": "train",
        "confidence": 0.95,
        "error_budget": 0.05,
        "parameters": {"n_neighbors": 15, "random_state": 0},
        "splits": tuple(summary(name, rows) for name, rows in table.groupby("split")),
        "insights": tuple(insights),
        "not_applicable": (NotApplicable(kind="domain_gap", reason="no unlabeled split"),),
        "regions": tuple(regions_of(table)),
        "curves": curves_of(table),
        "dropped": (
            DroppedRows(
                reason="loss is NaN", split="train", count=3, sample_ids=("bad-1", "bad-2", HOSTILE)
            ),
        ),
        "notes": ("captures/epoch=00003/split=val/rank0.parquet is truncated and was left out",),
    }
    return Report(**(content | changes)).with_samples(table)


def summary(split: str, rows: pd.DataFrame) -> SplitSummary:
    loss = float(rows["loss"].mean())
    return SplitSummary(
        split=split,
        n=len(rows),
        n_labelled=len(rows),
        mean_loss=loss,
        mean_loss_interval=around(loss, 0.02),
        accuracy=float((rows["target"] == rows["prediction"]).mean()),
    )


@pytest.fixture(scope="session")
def digits_frame() -> pd.DataFrame:
    return digits_table()


@pytest.fixture(scope="session")
def digits(digits_frame: pd.DataFrame) -> Report:
    return report_of(digits_frame)


@pytest.fixture(scope="session")
def large() -> Report:
    return report_of(synthetic_table())


@pytest.fixture(scope="session")
def rendered(digits: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("figures")
    render_figures(digits, folder)
    return folder


@pytest.fixture(scope="session")
def rendered_large(large: Report, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """The figures of 122,000 samples, and the processor's seconds they took."""
    folder = tmp_path_factory.mktemp("large")
    start = process_time()
    render_figures(large, folder)
    return folder, process_time() - start
