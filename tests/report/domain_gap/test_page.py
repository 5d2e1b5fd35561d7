"""The pages and figures of gaps: complete, and safe whatever names are in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import mlflow_latent as ml
from mlflow_latent.report.domain_gap.bundle import write_gap, write_trend
from mlflow_latent.report.domain_gap.words import headline, trend_headline

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "<img src=x onerror=alert(1)> $\\frac{1}$ \x00 " + "long " * 40


def snapshot(target: int = 40) -> ml.Snapshot:
    """Sets, fields and categories with hostile names."""
    random = np.random.default_rng(0)
    sizes = {"val": 200, HOSTILE: target, "third": 60}
    split = np.repeat(list(sizes), list(sizes.values()))
    moved = (split == HOSTILE).astype(float)
    return ml.Snapshot.from_arrays(
        sample_id=[f"{HOSTILE[:30]}{number}" for number in range(len(split))],
        split=split,
        embedding=random.normal(size=(len(split), 5)) + 3 * moved[:, None],
        metadata={
            HOSTILE: random.normal(size=len(split)) + 2 * moved,
            "kind": np.where(moved > 0, HOSTILE, "plain"),
        },
    )


def test_everything_is_drawn_and_escaped(tmp_path: Path) -> None:
    gap = ml.gap(snapshot(), target=HOSTILE)
    write_gap(gap, tmp_path)

    page = (tmp_path / "gap.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "<img src=x" not in page
    assert page.count('<img src="data:image/webp') == 4
    assert "they differ" in headline(gap)
    assert {field.name for field in gap.fields} == {HOSTILE, "kind"}


@pytest.mark.parametrize("target", [1, 6])
def test_a_tiny_target_has_a_page_that_says_what_is_missing(tmp_path: Path, target: int) -> None:
    gap = ml.gap(snapshot(target), target=HOSTILE)
    write_gap(gap, tmp_path)
    page = (tmp_path / "gap.html").read_text()
    assert f"has {target} samples, at least" in page
    assert ("too few samples to tell" in page) == (target == 1)


def test_a_trend_has_a_page_and_a_folder_for_each_candidate(tmp_path: Path) -> None:
    trend = ml.gap_trend(["val", "third"], target=HOSTILE, run=snapshot())
    write_trend(trend, tmp_path)
    page = (tmp_path / "trend.html").read_text()
    assert "<img src=x" not in page
    assert page.count('<img src="data:image/webp') == 3
    assert "then" in trend_headline(trend)
    assert (tmp_path / "val" / "gap.html").exists()
    assert (tmp_path / "third" / "gap.json").exists()


def test_projections_other_than_pca(tmp_path: Path) -> None:
    none = ml.gap(snapshot(), target="third", options=ml.GapOptions(projection="none"))
    assert "projection_x" not in none.samples
    write_gap(none, tmp_path)
    assert not (tmp_path / "figures" / "population.png").exists()


@pytest.mark.slow
def test_umap_lays_out_both_sets() -> None:
    laid_out = ml.gap(snapshot(), target=HOSTILE, options=ml.GapOptions(projection="umap"))
    points = laid_out.samples[["projection_x", "projection_y"]].to_numpy()
    assert np.isfinite(points).all()
    assert np.abs(points).max() <= 1.0001
