"""A gap: found where there is one, not between halves, and refused where it means nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import mlflow_latent as ml
from mlflow_latent.errors import InputError, MissingCaptureError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[..., ml.Snapshot]


@pytest.fixture(scope="module")
def found() -> ml.DomainGap:
    from importlib import import_module
    from pathlib import Path
    from sys import path

    path.insert(0, str(Path(__file__).parent))
    try:
        make: Make = import_module("conftest").make_sets
    finally:
        path.pop(0)
    return ml.gap(make(val=(900, 0.0), unlabeled=(60, 0.8)))


def test_halves_of_one_set_are_no_gap(make_sets: Make) -> None:
    for seed in range(5):
        gap = ml.gap(make_sets(seed, val=(400, 0.0), other=(400, 0.0)), target="other")
        assert gap.verdict == "no_gap"
        assert gap.auc_interval[0] < 0.51
        assert gap.distance().interval[0] == 0  # type: ignore[union-attr]
        assert not gap.fields
        assert all(region.verdict == "both" for region in gap.regions)


def test_thirty_beside_thirty_thousand_are_judged_fairly(make_sets: Make) -> None:
    same = ml.gap(make_sets(val=(30_000, 0.0), unlabeled=(30, 0.0)))
    apart = ml.gap(make_sets(val=(30_000, 0.0), unlabeled=(30, 0.8)))
    assert (same.verdict, apart.verdict) == ("no_gap", "gap")
    assert apart.auc > 0.85
    assert all(region.verdict == "both" for region in same.regions)
    assert same.target_out_of_reach.share < 0.2  # type: ignore[union-attr]


def test_what_differs_is_ranked_and_the_table_says_whose_a_sample_is(found: ml.DomainGap) -> None:
    assert found.verdict == "gap"
    assert [field.name for field in found.fields][:2] == ["lens", "brightness"]
    table = found.samples
    assert table["origin"].value_counts().to_dict() == {"source": 900, "target": 60}
    middle = table.groupby("origin")["belonging_source"].median()
    assert middle["source"] > 0.7
    assert middle["target"] < 0.3
    assert {test.name for test in found.tests} == {"classifier", "kernel"}
    assert sum(region.n_target for region in found.regions) == 60


def test_the_same_input_gives_the_same_bytes(make_sets: Make, tmp_path: Path) -> None:
    sets = make_sets(val=(300, 0.0), unlabeled=(40, 0.5))
    first, second = ml.gap(sets), ml.gap(sets)
    assert first.to_json() == second.to_json()
    first.save(tmp_path)
    assert ml.DomainGap.load(tmp_path) == first
    assert len(ml.DomainGap.load(tmp_path).samples) == 340


@pytest.mark.parametrize("size", [1, 2, 5, 20])
def test_a_tiny_target_is_judged_as_far_as_it_can_be(make_sets: Make, size: int) -> None:
    sets = make_sets(val=(500, 0.0), unlabeled=(size, 3.0))
    gap = ml.gap(sets)
    assert len(gap.samples) == 500 + size
    reasons = {one.kind for one in gap.not_applicable}
    if size < 5:
        assert gap.verdict == "too_few"
        assert reasons >= {"tests, belonging and regions", "distances"}
        assert not gap.tests
    else:
        assert gap.verdict == "gap"
    assert ("distances" in reasons) == (size < 10)
    assert gap.target_out_of_reach.share == 1  # type: ignore[union-attr]


def test_the_same_samples_as_two_splits_are_no_gap_and_it_is_said(make_sets: Make) -> None:
    sets = make_sets(val=(200, 0.0))
    split = np.repeat(["val", "unlabeled"], 200)
    twice = ml.Snapshot.from_arrays(
        sample_id=np.tile(sets.sample_id, 2), split=split, embedding=np.tile(sets.embedding, (2, 1))
    )
    gap = ml.gap(twice)
    assert gap.verdict == "no_gap"
    assert any("200 of 200 samples" in note and "share data" in note for note in gap.notes)
    assert gap.not_applicable[0].reason == "no metadata field has values in both sets"


def test_equal_embeddings_are_no_gap(make_sets: Make) -> None:
    sets = make_sets(val=(50, 0.0), unlabeled=(20, 0.0))
    gap = ml.gap(replace(sets, embedding=np.ones_like(sets.embedding)))
    assert gap.verdict == "no_gap"
    assert any("nothing to tell the sets apart" in note for note in gap.notes)


def test_fields_that_one_set_lacks_are_not_compared(make_sets: Make) -> None:
    sets = make_sets(val=(200, 0.0), unlabeled=(50, 0.5))
    sets.frame.loc[sets.split == "unlabeled", ["meta_brightness", "meta_lens"]] = None
    gap = ml.gap(sets)
    assert not {"brightness", "lens"} & {field.name for field in gap.fields}
    assert any("'brightness' is not compared: it is missing in 'unlabeled'" in n for n in gap.notes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"source": "val", "target": "val"}, "'val' is given twice"),
        ({"source": "vall"}, "split 'vall' was not captured; did you mean 'val'?"),
        ({"target": "nothing"}, "split 'nothing' was not captured"),
    ],
)
def test_a_users_mistake_is_named(make_sets: Make, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message.replace("?", r"\?")):
        ml.gap(make_sets(val=(20, 0.0), unlabeled=(20, 0.0)), **arguments)


def test_the_target_must_be_named_where_it_is_not_clear(make_sets: Make, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="target must be named; the splits are 'train', 'val'"):
        ml.gap(make_sets(train=(20, 0.0), val=(20, 0.0)))
    with pytest.raises(InputError, match="source must be named"):
        ml.gap(make_sets(a=(20, 0.0), b=(20, 0.0)))
    with pytest.raises(MissingCaptureError):
        ml.gap(tmp_path)


def test_other_layers_and_widths_are_refused(make_sets: Make) -> None:
    sets = make_sets(val=(20, 0.0))
    with pytest.raises(InputError, match="'val' has 12 embedding columns, 'unlabeled' has 8"):
        ml.gap(sets, target=(make_sets(dim=8, unlabeled=(20, 0.0)), "unlabeled"))
    with pytest.raises(InputError, match="of layer 'backbone', 'unlabeled' of layer 'neck'"):
        ml.gap(sets, target=(make_sets(layer="neck", unlabeled=(20, 0.0)), "unlabeled"))


def test_sets_of_two_snapshots_are_named_apart_and_the_reader_warned(make_sets: Make) -> None:
    first, second = make_sets(0, val=(100, 0.0)), make_sets(0, val=(100, 1.0))
    gap = ml.gap(first, target=(replace(second, epoch=4), "val"), options=ml.GapOptions())
    assert (gap.source.name, gap.target.name) == ("val of set 1", "val of set 2")
    assert any("different runs or epochs" in note for note in gap.notes)


@pytest.mark.parametrize(
    "options", [{"error_rate": 0}, {"permutations": 0}, {"projection": "umpa"}, {"confidence": 1}]
)
def test_options_are_checked(options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(options))):
        ml.GapOptions(**options)
