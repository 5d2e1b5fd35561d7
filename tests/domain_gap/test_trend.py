"""Which candidate comes nearer, and which of its samples fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import mlflow_latent as ml
from mlflow_latent.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[..., ml.Snapshot]


@pytest.fixture
def trend(make_sets: Make) -> ml.GapTrend:
    sets = make_sets(
        1, val=(300, 0.0), a=(300, 0.3), b=(300, 0.7), c=(300, 1.0), unlabeled=(200, 1.0)
    )
    return ml.gap_trend(["a", "b", "c"], target="unlabeled", run=sets)


def test_the_order_is_that_of_the_plant_and_sure(trend: ml.GapTrend, tmp_path: Path) -> None:
    assert [one.origin.name for one in trend.candidates] == ["c", "b", "a"]
    assert [one.verdict for one in trend.candidates] == ["no_gap", "gap", "gap"]
    assert all(step.sure for step in trend.steps if step.distance == "frechet")
    near, _, far = trend.candidates
    assert near.fits.share > 0.85 > far.fits.share  # type: ignore[union-attr]
    assert near.distance().value < far.distance().value  # type: ignore[union-attr]
    assert "brightness" not in {field.name for field in near.fields}
    assert "brightness" in {field.name for field in far.fields}
    trend.save(tmp_path)
    again = ml.GapTrend.load(tmp_path)
    assert again == trend
    assert again.fitting("b") == trend.fitting("b")


def test_what_fits_is_a_list_of_ids_the_best_first(trend: ml.GapTrend) -> None:
    fitting = trend.fitting("b")
    table = trend.samples[trend.samples["candidate"] == "b"].set_index("sample_id")
    assert len(fitting) == trend.candidate("b").n_fits == int(table["fits"].sum())
    assert table.loc[fitting, "reach"].is_monotonic_increasing
    dark = trend.fitting("b", where={"brightness": (None, -1.5)})
    assert 0 < len(dark) < len(fitting)
    assert (table.loc[dark, "meta_brightness"] <= -1.5).all()
    assert len(trend.fitting("b", most_reach=float("inf"))) == 300
    with pytest.raises(InputError, match="candidate 'd' is not in this trend"):
        trend.fitting("d")
    with pytest.raises(InputError, match="'lens' is not a number"):
        trend.fitting("b", where={"lens": (0, 1)})
    with pytest.raises(InputError, match="'brightnes' is not there; did you mean 'brightness'"):
        trend.fitting("b", where={"brightnes": (0, 1)})


def test_candidates_of_any_size_and_of_other_snapshots(make_sets: Make) -> None:
    sets = make_sets(unlabeled=(150, 0.0), tiny=(2, 0.0))
    found = ml.gap_trend(
        ["tiny", (make_sets(far=(100, 2.0)), "far")], target=(sets, "unlabeled"), run=sets
    )
    assert [one.origin.name for one in found.candidates] == ["far", "tiny"]
    assert found.candidates[1].verdict == "too_few"
    assert found.steps == ()


def test_mistakes_are_named(make_sets: Make) -> None:
    sets = make_sets(a=(20, 0.0), unlabeled=(20, 0.0))
    with pytest.raises(InputError, match="at least one candidate"):
        ml.gap_trend([], target="unlabeled", run=sets)
    with pytest.raises(InputError, match="'unlabeled' is given twice"):
        ml.gap_trend(["a", "unlabeled"], target="unlabeled", run=sets)
    with pytest.raises(InputError, match="split 'a' is of no run"):
        ml.gap_trend(["a"], target=(sets, "unlabeled"))
