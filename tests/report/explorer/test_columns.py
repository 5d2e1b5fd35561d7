from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from mlflow_latent.report.explorer.arrays import ExplorerFile
from mlflow_latent.report.explorer.encode import encode_explorer
from mlflow_latent.report.explorer.extras import Extras
from mlflow_latent.report.explorer.fidelity import LEVELS

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_latent.report.explorer.header import ColumnHeader
    from mlflow_latent.report.model import Report

HOSTILE = "</script><img src=x onerror=alert(1)>"


@pytest.fixture
def encode(
    make_report: Callable[..., Report], make_table: Callable[..., pd.DataFrame]
) -> Callable[..., ExplorerFile]:
    def encoded(size: int, class_names: tuple[str, ...] = (), **columns: Any) -> ExplorerFile:
        report = make_report(make_table(size, **columns), class_names=class_names)
        return ExplorerFile(encode_explorer(report))

    return encoded


def column(read: ExplorerFile, name: str) -> ColumnHeader:
    return next(header for header in read.header.columns if header.name == name)


def named(read: ExplorerFile, name: str) -> list[str | None]:
    """The categories of a column as text, None where missing."""
    header = column(read, name)
    codes = read.array(header.data)
    missing = np.iinfo(codes.dtype).max
    assert header.kind == "category"
    assert header.categories is not None
    return [None if code == missing else header.categories[code] for code in codes.tolist()]


def test_digits_have_the_columns_a_person_would_look_at(digits: Report) -> None:
    read = ExplorerFile(encode_explorer(digits))
    kinds = {header.name: (header.group, header.kind) for header in read.header.columns}
    assert kinds == {
        "sample_id": ("sample", "text"),
        "split": ("sample", "category"),
        "target": ("sample", "category"),
        "prediction": ("result", "category"),
        "loss": ("result", "number"),
        "correct": ("result", "category"),
        "meta_brightness": ("metadata", "number"),
        "meta_stroke": ("metadata", "category"),
        "cluster_coarse": ("region", "category"),
        "cluster_fine": ("region", "category"),
    }
    frame = digits.samples
    assert read.texts(column(read, "sample_id").data) == frame["sample_id"].tolist()
    assert named(read, "split") == frame["split"].tolist()
    assert named(read, "target") == [f"class {code}" for code in frame["target"]]
    assert named(read, "cluster_fine") == [f"fine/{n}" for n in frame["cluster_fine"]]
    assert named(read, "meta_stroke") == frame["meta_stroke"].tolist()
    right = frame["target"] == frame["prediction"]
    assert named(read, "correct") == np.where(right, "right", "wrong").tolist()


def test_fields_have_the_names_that_curves_and_insights_use(digits: Report) -> None:
    read = ExplorerFile(encode_explorer(digits))
    fields = {header.field for header in read.header.columns}
    for curve in digits.curves:
        assert curve.field in fields
        assert curve.measure in fields
    assert {field.name for i in digits.insights for field in i.metadata} <= fields
    assert column(read, "meta_brightness").label == "brightness"
    assert column(read, "target").field == "class"
    assert column(read, "prediction").field == "predicted class"


def test_missing_values_stay_missing(encode: Callable[..., ExplorerFile]) -> None:
    read = encode(
        3,
        ("cat", "dog"),
        target=pd.array([1, None, 0], dtype="Int32"),
        prediction=pd.array([1, 1, None], dtype="Int32"),
        meta_night=pd.array([True, None, False], dtype="boolean"),
        meta_place=pd.array(["sea", None, "wood"], dtype="string"),
        meta_size=pd.array([7, None, 9], dtype="Int64"),
    )
    assert named(read, "target") == ["dog", None, "cat"]
    assert named(read, "correct") == ["right", None, None]
    assert named(read, "meta_night") == ["True", None, "False"]
    assert named(read, "meta_place") == ["sea", None, "wood"]
    assert [header.missing for header in read.header.columns] == [0, 0, 1, 1, 2, 1, 1, 1]
    assert read.array(column(read, "meta_size").data).tolist() == [0, 255, 2]


def test_two_bytes_where_a_byte_has_no_room(encode: Callable[..., ExplorerFile]) -> None:
    for classes, kind in ((254, "u8"), (255, "u16"), (5000, "u16")):
        names = tuple(f"class {number}" for number in range(classes))
        read = encode(2, names, target=[0, classes - 1])
        assert column(read, "target").data.type == kind
        assert named(read, "target") == [names[0], names[-1]]
        assert column(read, "target").missing == 0


def test_a_class_index_may_be_any_integer(encode: Callable[..., ExplorerFile]) -> None:
    read = encode(3, target=pd.array([2_000_000_000, None, 4], dtype="Int32"))
    assert named(read, "target") == ["2000000000", None, "4"]


def test_as_many_texts_as_codes_are_text(encode: Callable[..., ExplorerFile]) -> None:
    size = 150_000
    names = [f"place {number % 70_000}" for number in range(size)]
    read = encode(size, meta_place=names, meta_city=[f"city {n % 60_000}" for n in range(size)])
    assert column(read, "meta_place").kind == "text"
    assert read.texts(column(read, "meta_place").data)[-1] == names[-1]
    assert column(read, "meta_city").kind == "category"


def test_ids_under_another_name_are_text(encode: Callable[..., ExplorerFile]) -> None:
    read = encode(90, uri=[f"s3://{number}" for number in range(90)])
    assert column(read, "uri").kind == "text"


def test_hostile_names_and_values_arrive_as_they_are(encode: Callable[..., ExplorerFile]) -> None:
    long = "x" * 10_000
    read = encode(2, (HOSTILE, long), target=[0, 1], **{f"meta_{HOSTILE}": [1.5, 2.5]})
    assert named(read, "target") == [HOSTILE, long]
    assert column(read, f"meta_{HOSTILE}").field == HOSTILE


def test_columns_of_one_name_are_told_apart(make_report: Callable[..., Report]) -> None:
    frame = pd.DataFrame(
        [["a", "val", 1, 2, 3]], columns=["sample_id", "split", "meta_x", "meta_x", "meta_x (2)"]
    )
    read = ExplorerFile(encode_explorer(make_report(frame)))
    names = [header.name for header in read.header.columns]
    assert len(set(names)) == len(names) == 5
    assert {column(read, name).minimum for name in names[2:]} == {1, 2, 3}


def test_what_could_not_be_computed_is_no_column(encode: Callable[..., ExplorerFile]) -> None:
    nothing = pd.array([None, None], dtype="Int32")
    read = encode(2, duplicate_group=nothing, meta_asked_for=nothing)
    names = {header.name for header in read.header.columns}
    assert "duplicate_group" not in names
    assert "meta_asked_for" in names


def test_certainty_is_the_first_choices_probability(
    make_report: Callable[..., Report], make_table: Callable[..., pd.DataFrame]
) -> None:
    extras = Extras(pred_probs=np.array([[0.25, 0.75], [1.0, 0.0]], dtype=np.float32))
    read = ExplorerFile(encode_explorer(make_report(make_table(2)), extras))
    assert column(read, "certainty").maximum == 1.0
    assert column(read, "certainty").minimum == 0.75


def test_the_smallest_file_leaves_out_what_a_stronger_field_says(digits: Report) -> None:
    """The curve of brightness says that brightness_median says the same."""
    frame = digits.samples.assign(meta_brightness_median=digits.samples["meta_brightness"])
    report = digits.with_samples(frame)
    for level, there in ((LEVELS[0], True), (LEVELS[-1], False)):
        names = {c.name for c in ExplorerFile(encode_explorer(report, None, level)).header.columns}
        assert ("meta_brightness_median" in names) is there
        assert "meta_brightness" in names
