"""Small reports, and captures written as the recorder writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlflow_latent.report.model import (
    Insight,
    NotApplicable,
    Region,
    Report,
    SeparatingField,
    SplitSummary,
)
from mlflow_latent.schema import CaptureInfo
from mlflow_latent.store import captures_shard, file_metadata, samples_shard

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

HOSTILE = (
    "<img src=x onerror=alert(1)> [a](javascript:alert(2)) | `x` **b** <!-- mlflow-latent: end -->"
)


def make_insight(
    kind: str = "low_performance", title: str = "Loss 3.1 × the rest of val", n: int = 80
) -> Insight:
    return Insight(
        kind=kind,
        title=title,
        description="The mean loss of the region against the rest of its split.",
        action="Look at the samples; if the labels hold, collect more like them.",
        region="coarse/3",
        split="val",
        samples=tuple(("val", f"sample-{number}") for number in range(n)),
        effect=3.1,
        effect_name="loss_ratio",
        interval=(2.4, 4.0),
        p_value=1e-6,
        q_value=3e-5,
        severity=0.8,
        counts={"val": n},
        base_rates={"loss_rest_of_val": 0.2},
        metadata=(
            SeparatingField(
                name="brightness",
                direction="lower",
                effect=-0.6,
                effect_name="cliffs_delta",
                interval=(-0.7, -0.5),
                q_value=1e-4,
                inside=0.2,
                outside=0.5,
            ),
        ),
    )


def make_report(
    *insights: Insight, epoch: int | None = 7, splits: Sequence[str] = ("train", "val")
) -> Report:
    rows = 100
    samples = pd.DataFrame(
        {
            "sample_id": [f"sample-{number}" for number in range(rows)],
            "split": np.repeat("val", rows),
            "loss": np.linspace(0, 1, rows, dtype=np.float32),
        }
    )
    return Report(
        epoch=epoch,
        layer="backbone",
        task="classification",
        tested_split=splits[-1],
        reference_split=splits[0],
        confidence=0.95,
        error_budget=0.05,
        parameters={},
        splits=tuple(
            SplitSummary(
                split=name,
                n=rows,
                n_labelled=rows,
                mean_loss=0.25 * place,
                mean_loss_interval=(0.2 * place, 0.3 * place),
                accuracy=0.9,
            )
            for place, name in enumerate(splits, start=1)
        ),
        insights=insights,
        not_applicable=(NotApplicable(kind="domain_gap", reason="no unlabeled split"),),
        regions=tuple(
            Region(
                id=f"coarse/{number}",
                level="coarse",
                n=40,
                counts={splits[-1]: size},
                mean_loss={splits[-1]: loss},
                stability=0.9,
                typical=((splits[-1], "sample-1"),),
            )
            for number, (size, loss) in enumerate([(40, 1.0), (5, 9.0)])
        ),
        curves=(),
    ).with_samples(samples)


@pytest.fixture(name="make_insight")
def insight_maker() -> Callable[..., Insight]:
    return make_insight


@pytest.fixture(name="make_report")
def report_maker() -> Callable[..., Report]:
    return make_report


@pytest.fixture(name="write_captures")
def captures_writer() -> Callable[..., list[Path]]:
    return write_captures


@pytest.fixture
def analysis(tmp_path: Path) -> Callable[..., Path]:
    """Write a report and its figures into a folder, as an analysis does."""

    def write(report: Report, *, name: str = "analysis") -> Path:
        from PIL import Image

        folder = tmp_path / name
        report.save(folder)
        (folder / "figures").mkdir(exist_ok=True)
        picture = Image.new("RGB", (640, 360), (20, 120, 160))
        picture.save(folder / "figures" / "population.png")
        picture.save(folder / "latent_overview.png")
        text = f"<!doctype html><title>Report</title><h1>Epoch {report.epoch}</h1>"
        (folder / "report.html").write_text(text)
        return folder

    return write


def write_captures(
    latent: Path,
    epochs: Sequence[int],
    *,
    rows: int = 30,
    embedded: Sequence[int] | None = None,
    splits: Sequence[str] = ("train", "val"),
    width: int = 64,
) -> list[Path]:
    """Write captures of some epochs; only those in `embedded` (default all) have embeddings."""
    rng = np.random.default_rng(0)
    info = file_metadata(CaptureInfo(layers=("backbone",)))
    written = []
    for split in splits:
        ids = [f"{split}-{row}" for row in range(rows)]
        keys = {"sample_id": ids, "split": [split] * rows}
        samples = pa.table({**keys, "target": pa.array(rng.integers(0, 3, rows), pa.int32())})
        written.append(_write(samples, samples_shard(latent, split), info))
        for epoch in epochs:
            columns = {
                **keys,
                "epoch": pa.array([epoch] * rows, pa.int32()),
                "loss": pa.array(rng.random(rows), pa.float32()),
            }
            if embedded is None or epoch in embedded:
                values = rng.normal(size=rows * width).astype(np.float16)
                columns["embedding_backbone"] = pa.FixedSizeListArray.from_arrays(
                    pa.array(values), width
                )
            written.append(_write(pa.table(columns), captures_shard(latent, epoch, split), info))
    return written


def _write(table: pa.Table, path: Path, info: dict[bytes, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.replace_schema_metadata(info), path, compression="zstd")
    return path
