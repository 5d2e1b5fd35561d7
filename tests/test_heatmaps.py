from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import pytest
from heating import ADVANTAGES, KINDS, bump, make_heatmaps
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as arrays

from mlflow_latent.errors import CorruptFileError, InputError, NewerSchemaError
from mlflow_latent.heatmaps import (
    Heatmaps,
    decode_heatmaps,
    encode_heatmaps,
    heatmaps_file,
    heatmaps_folder,
    merged,
    read_heatmaps,
    write_heatmaps,
)
from mlflow_latent.report.heatmaps import Heatmap

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = [("val", "b"), ("val", "a"), ("train", "a")]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    maps = make_heatmaps(SAMPLES)
    folder = heatmaps_folder(tmp_path, 7)
    paths = write_heatmaps(folder, maps, 7)
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == [
        "heatmaps/epoch=00007/split=val.bin",
        "heatmaps/epoch=00007/split=train.bin",
        "heatmaps/epoch=00007/index.parquet",
    ]
    read = read_heatmaps(paths[0])
    assert [one.sample_id for one in read] == ["b"] * len(KINDS) + ["a"] * len(KINDS)
    assert [one.kind for one in read] == [*KINDS, *KINDS]
    for before, after in zip(maps, read, strict=False):
        assert after.key == before.key
        np.testing.assert_allclose(after.values, before.values, atol=before.values.max() / 500)
        np.testing.assert_allclose(after.advantage, before.advantage, rtol=1e-6)


def test_the_index_says_what_the_files_hold(tmp_path: Path) -> None:
    paths = write_heatmaps(tmp_path, make_heatmaps(SAMPLES), 7)
    index = pq.read_table(paths[-1]).to_pandas()
    assert len(index) == len(SAMPLES) * len(KINDS)
    row = index[(index["split"] == "val") & (index["sample_id"] == "a")].iloc[1]
    one = read_heatmaps(tmp_path / heatmaps_file("val"))[row["place"]]
    assert (one.sample_id, one.kind.layer) == ("a", row["layer"] or None)
    assert index["better_than_random"].tolist()[:3] == [True, False, None]


def test_maps_of_a_sample_are_brought_together(tmp_path: Path) -> None:
    maps = make_heatmaps(SAMPLES)
    write_heatmaps(tmp_path, sorted(maps, key=lambda one: one.kind.label), None)
    heatmaps = Heatmaps(tmp_path)
    assert len(heatmaps("val", "b")) == len(KINDS)
    assert heatmaps("val", "unknown") == heatmaps("test", "a") == ()
    assert len(heatmaps.everything()) == len(maps)
    assert heatmaps.notes == []


def test_any_name_of_a_split_is_a_file(tmp_path: Path) -> None:
    write_heatmaps(tmp_path, make_heatmaps([("../../é/%", "x/../y")]), 0)
    assert {path.parent for path in tmp_path.iterdir()} == {tmp_path}
    assert len(Heatmaps(tmp_path)("../../é/%", "x/../y")) == len(KINDS)
    assert len(Heatmaps(tmp_path).everything()) == len(KINDS)


def test_nothing_to_write_is_an_empty_index(tmp_path: Path) -> None:
    (index,) = write_heatmaps(tmp_path, [], 3)
    assert pq.read_table(index).num_rows == 0


@given(
    arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 4), st.just(3), st.just(3)),
        elements=st.floats(0, 2.0**30, width=32),
    )
)
def test_codes_are_off_by_half_a_step_at_most(values: np.ndarray) -> None:
    maps = [replace(make_heatmaps([("val", str(n))])[0], values=v) for n, v in enumerate(values)]
    read = decode_heatmaps(encode_heatmaps("val", maps, 0))
    for before, after in zip(values, read, strict=True):
        step = (before.max() - min(before.min(), 0)) / 255
        assert np.abs(after.values - before).max() <= step * 0.5001 + 1e-6 * before.max()


def test_numbers_that_are_none_are_zero() -> None:
    values = np.array([[np.nan, np.inf], [1, 0.5]], dtype=np.float32)
    maps = [replace(make_heatmaps([("val", "a")])[0], values=values)]
    (read,) = decode_heatmaps(encode_heatmaps("val", maps, 0))
    np.testing.assert_allclose(read.values, [[0, 0], [1, 0.5]], atol=0.003)


def test_later_maps_take_the_place_of_earlier_ones() -> None:
    earlier = make_heatmaps([("val", "a"), ("val", "b")])
    later = [replace(one, values=one.values * 2) for one in make_heatmaps([("val", "b")])]
    both = merged(earlier, later)
    assert len(both) == len(earlier)
    assert both[-1].values.max() == later[-1].values.max()


def test_earlier_maps_take_the_size_of_later_ones() -> None:
    earlier, later = make_heatmaps([("val", "a")]), make_heatmaps([("val", "b")], size=16)
    both = merged(earlier, later)
    assert {one.values.shape for one in both} == {(16, 16)}
    at = np.unravel_index(both[1].values.argmax(), (16, 16))
    assert (at[0] < 8, at[1] >= 8) == (True, True)  # still in its corner


@pytest.mark.parametrize("cut", [0, 3, 40, 4000, -1])
def test_a_truncated_file_is_refused(cut: int) -> None:
    content = encode_heatmaps("val", make_heatmaps([("val", "a")]), 0)
    with pytest.raises(CorruptFileError):
        decode_heatmaps(content[:cut])


@pytest.mark.parametrize(
    ("old", "new"),
    [(b'"size":32', b'"size":16'), (b'"size":32', b'"size":-1'), (b'"size":32', b'"size":99')],
)
def test_parts_that_do_not_fit_are_refused(old: bytes, new: bytes) -> None:
    content = encode_heatmaps("val", make_heatmaps([("val", "a")]), 0)
    assert content.count(old) == 1
    with pytest.raises(CorruptFileError, match="do not fit"):
        decode_heatmaps(content.replace(old, new))


def test_a_later_version_is_refused() -> None:
    content = encode_heatmaps("val", make_heatmaps([("val", "a")]), 0)
    with pytest.raises(NewerSchemaError, match="upgrade"):
        decode_heatmaps(content.replace(b'"schema_version":1', b'"schema_version":9'))


def test_a_file_that_cannot_be_read_is_a_note(tmp_path: Path) -> None:
    (tmp_path / heatmaps_file("val")).write_bytes(b"\x05\x00\x00\x00{}")
    heatmaps = Heatmaps(tmp_path)
    assert heatmaps("val", "a") == ()
    assert "split=val.bin" in heatmaps.notes[0]


def test_maps_of_two_sizes_do_not_fit_in_one_file() -> None:
    maps = [*make_heatmaps([("val", "a")]), *make_heatmaps([("val", "b")], size=16)]
    with pytest.raises(InputError, match="one size"):
        encode_heatmaps("val", maps, 0)


def test_a_map_says_how_far_to_believe_it() -> None:
    good, bad, unknown, loss, _ = make_heatmaps([("val", "a")])
    assert (good.is_faithful, bad.is_faithful, unknown.is_faithful) == (True, False, None)
    assert good.faithfulness == (
        "Masking its strongest tenth lowers the log-probability of the class by 1.8 more than "
        "random tenths do (95 %: 0.4 to 2.9)."
    )
    assert bad.faithfulness.startswith("No better than random.")
    assert "Not measured" in unknown.faithfulness
    assert "changes the loss" in loss.faithfulness


def test_the_fixture_knows_its_truth() -> None:
    corners = [np.unravel_index(bump(n).argmax(), (32, 32)) for n in range(4)]
    assert [(row > 16, column > 16) for row, column in corners] == [
        *((False, False), (False, True)),
        *((True, False), (True, True)),
    ]
    assert len(ADVANTAGES) == 3
    assert isinstance(make_heatmaps([("val", "a")])[0], Heatmap)
