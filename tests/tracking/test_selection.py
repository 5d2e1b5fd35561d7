from __future__ import annotations

import pytest

from mlflow_latent.errors import MissingCaptureError
from mlflow_latent.tracking.artifacts import Artifact
from mlflow_latent.tracking.selection import select_captures


def captures(sizes: dict[int, int | None]) -> list[Artifact]:
    return [
        Artifact(f"latent/captures/epoch={epoch:05d}/split=val/rank0.parquet", size)
        for epoch, size in sizes.items()
    ]


def epochs(files: tuple[Artifact, ...]) -> list[int]:
    return [int(file.path.split("epoch=")[1][:5]) for file in files]


def test_takes_all_where_all_is_small() -> None:
    selection = select_captures(captures({0: 10, 1: 10, 2: 100}), None)
    assert epochs(selection.files) == [0, 1, 2]
    assert selection.left_out == ()


def test_the_wanted_epoch_comes_whole_and_the_others_as_far_as_they_are_cheap() -> None:
    selection = select_captures(captures({0: 900, 1: 10, 2: 10, 3: 900}), 3, history_bytes=100)
    assert epochs(selection.files) == [1, 2, 3]
    assert selection.left_out == (0,)


def test_by_default_the_newest_epoch_that_still_has_its_embeddings_is_wanted() -> None:
    files = captures({0: 900, 1: 10, 2: 880, 3: 12})
    selection = select_captures(files, None, history_bytes=100)
    assert epochs(selection.files) == [1, 2, 3]


def test_sizes_may_be_unknown() -> None:
    assert epochs(select_captures(captures({0: None, 1: None}), None).files) == [0, 1]


def test_says_which_epochs_there_are() -> None:
    with pytest.raises(MissingCaptureError, match="no captures of epoch 9, only of 0, 2"):
        select_captures(captures({0: 1, 2: 1}), 9)
    with pytest.raises(MissingCaptureError, match="no captures"):
        select_captures([Artifact("latent/captures/strange.parquet", 1)], None)
