from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, strategies as st

from mlflow_latent.errors import CorruptFileError, NewerSchemaError
from mlflow_latent.report.explorer.arrays import ArrayWriter, ExplorerFile
from mlflow_latent.report.explorer.encode import encode_explorer
from mlflow_latent.report.explorer.header import ArrayRef

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from mlflow_latent.report.model import Report


@pytest.fixture
def content(make_report: Callable[..., Report], make_table: Callable[..., pd.DataFrame]) -> bytes:
    return encode_explorer(make_report(make_table(3, loss=[0.5, 1.5, np.nan])))


def file_with(writer: ArrayWriter, content: bytes) -> ExplorerFile:
    return ExplorerFile(writer.finish(ExplorerFile(content).header))


def test_the_layout_is_what_the_documents_say(content: bytes) -> None:
    length = int.from_bytes(content[:4], "little")
    assert content[4:5] == b"{"
    assert content[3 + length : 4 + length] == b"}"
    start = 4 + length + -(4 + length) % 4
    assert content[4 + length : start] == bytes(start - 4 - length)
    loss = next(c for c in ExplorerFile(content).header.columns if c.name == "loss")
    assert loss.data.type == "f32"
    raw = content[start + loss.data.offset :][: 4 * loss.data.length]
    np.testing.assert_array_equal(np.frombuffer(raw, "<f4"), np.float32([0.5, 1.5, np.nan]))


@given(
    st.lists(
        st.one_of(
            st.lists(st.integers(0, 255)).map(lambda v: np.array(v, np.uint8)),
            st.lists(st.integers(0, 65_535)).map(lambda v: np.array(v, np.uint16)),
            st.lists(st.integers(0, 2**32 - 1)).map(lambda v: np.array(v, np.uint32)),
            st.lists(st.floats(width=32)).map(lambda v: np.array(v, np.float32)),
            st.lists(st.text(st.characters(exclude_categories=["Cs"]))),
        )
    )
)
def test_any_arrays_come_back(arrays: list[np.ndarray | list[str]]) -> None:
    writer = ArrayWriter()
    refs = [
        writer.add(values) if isinstance(values, np.ndarray) else writer.add_text(values)
        for values in arrays
    ]
    read = file_with(writer, EMPTY)
    for values, reference in zip(arrays, refs, strict=True):
        assert reference.offset % 4 == 0
        if isinstance(values, list):
            assert read.texts(reference) == values
        else:
            np.testing.assert_array_equal(read.array(reference), values)


def test_half_a_surrogate_pair_is_written_as_a_question_mark(content: bytes) -> None:
    writer = ArrayWriter()
    reference = writer.add_text(["a\ud800", "b"])
    assert file_with(writer, content).texts(reference) == ["a?", "b"]


@pytest.mark.parametrize("length", [0, 3, 4, 50, 400])
def test_a_truncated_file_is_refused(content: bytes, length: int) -> None:
    with pytest.raises(CorruptFileError):
        ExplorerFile(content[:length])


@pytest.mark.parametrize(
    "reference",
    [
        ArrayRef(type="f32", offset=0, length=10**9),
        ArrayRef(type="f32", offset=10**9, length=1),
        ArrayRef(type="f32", offset=-4, length=1),
        ArrayRef(type="u8", offset=1, length=1),
        ArrayRef(type="u32", offset=0, length=-1),
        ArrayRef(type="utf8", offset=0, length=10**9),
    ],
)
def test_a_reference_beyond_the_file_is_refused(content: bytes, reference: ArrayRef) -> None:
    read = ExplorerFile(content)
    with pytest.raises(CorruptFileError):
        _ = read.texts(reference) if reference.type == "utf8" else read.array(reference)


def test_strings_that_run_backwards_are_refused(content: bytes) -> None:
    writer = ArrayWriter()
    reference = writer.add(np.array([0, 4, 2], dtype=np.uint32))
    read = file_with(writer, content)
    with pytest.raises(CorruptFileError, match="end before they begin"):
        read.texts(reference.model_copy(update={"type": "utf8", "length": 2}))


def test_a_newer_schema_is_refused_and_named(content: bytes) -> None:
    newer = content.replace(b'"schema_version":1', b'"schema_version":9', 1)
    with pytest.raises(NewerSchemaError, match="schema version 9"):
        ExplorerFile(newer)


@pytest.mark.parametrize("header", [b"{", b"[1]", b'{"schema_version":1}', b"\xff\xff", b"null"])
def test_another_header_is_refused(header: bytes) -> None:
    with pytest.raises(CorruptFileError, match="no header"):
        ExplorerFile(len(header).to_bytes(4, "little") + header)


def test_another_type_of_number_is_refused() -> None:
    with pytest.raises(KeyError):
        ArrayWriter().add(np.zeros(3))


def _empty() -> bytes:
    from mlflow_latent.report.model import Report

    report = Report(
        task="other",
        confidence=0.95,
        error_budget=0.05,
        parameters={},
        splits=(),
        insights=(),
        not_applicable=(),
        regions=(),
        curves=(),
    )
    return encode_explorer(report)


EMPTY = _empty()
