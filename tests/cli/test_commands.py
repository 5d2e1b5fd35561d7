"""Every subcommand, as a process: what it prints, and how it says what is wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from processes import call

from mlflow_latent.schema import CaptureInfo
from mlflow_latent.store import captures_shard, file_metadata

if TYPE_CHECKING:
    from pathlib import Path

    from processes import Demo


def test_help_lists_the_commands(tmp_path: Path) -> None:
    done = call("--help", cwd=tmp_path)

    assert done.returncode == 0
    for name in ("analyze", "check", "demo", "export", "sync"):
        assert name in done.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["analyze", "nope", "--tracking-uri", "sqlite:///x.db"], 2, "no MLflow"),
        (["analyze", "nope", "--projection", "map"], 2, "'map' is not one of"),
        (["export", "nope", "there/out.html"], 2, "folder 'there' does not exist; make it first"),
        (["export", "nope", "out.xyz"], 2, "'out.xyz' must end in .html"),
        (["analyze", ""], 2, "run_id is ''"),
        (["export", "nope", "out.csv", "--insight", "one"], 2, "'one' is not a valid integer"),
        (["sync"], 2, "no captures to upload"),
        (["sync", "elsewhere"], 2, "'elsewhere' does not exist"),
        (["check", "missing.py"], 2, "missing.py"),
        (["check", "."], 1, "no captured embeddings"),
        (["analyse"], 2, "No such command"),
    ],
)
def test_a_users_mistake_is_named_without_a_traceback(
    arguments: list[str], status: int, message: str, tmp_path: Path
) -> None:
    done = call(*arguments, cwd=tmp_path)

    assert done.returncode == status, done.stderr
    assert message in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_analyze_prints_one_json_object_and_nothing_else(demo: Demo, tmp_path: Path) -> None:
    done = call(
        "analyze", demo.run_id, "--tracking-uri", demo.tracking_uri, "--json",
        "--projection", "pca", cwd=tmp_path,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed["run_id"] == demo.run_id
    assert printed["parameters"]["projection"] == "pca"


@pytest.mark.slow
def test_analyze_speaks_in_words(demo: Demo, tmp_path: Path) -> None:
    done = call(
        "analyze", demo.run_id, "--tracking-uri", demo.tracking_uri, "--projection", "none",
        cwd=tmp_path,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "val: 450 samples, mean loss" in done.stdout
    assert "95 % interval" in done.stdout


def test_analyze_says_first_which_splits_are_not_in_it(tmp_path: Path) -> None:
    for split in ("train", "val"):
        ids = [f"s{number}" for number in range(30)]
        embedding = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
        columns = {
            "sample_id": pa.array(ids),
            "split": pa.array([split] * 30),
            "epoch": pa.array([0] * 30, pa.int32()),
            "loss": pa.array(np.ones(30, np.float32)),
            "embedding": pa.FixedSizeListArray.from_arrays(pa.array(embedding.ravel()), 4),
        }
        path = captures_shard(tmp_path, 0, split)
        path.parent.mkdir(parents=True)
        metadata = file_metadata(CaptureInfo())
        pq.write_table(pa.table(columns).replace_schema_metadata(metadata), path)
    path.write_bytes(b"hello")

    done = call("analyze", ".", "--projection", "none", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    first = done.stdout.splitlines()[0]
    assert first.startswith("left out: ")
    assert "split=val" in first


@pytest.mark.slow
def test_an_epoch_without_embeddings_is_refused(demo: Demo, tmp_path: Path) -> None:
    done = call(
        "analyze", demo.run_id, "--tracking-uri", demo.tracking_uri, "--epoch", "77", cwd=tmp_path
    )
    assert done.returncode == 2
    assert "77" in done.stderr


@pytest.mark.slow
def test_export_writes_a_page_that_stands_alone(demo: Demo, tmp_path: Path) -> None:
    done = call(
        "export", demo.run_id, "out.html", "--tracking-uri", demo.tracking_uri, "--json",
        cwd=tmp_path,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    page = (tmp_path / "out.html").read_text()
    assert json.loads(done.stdout)["bytes"] == (tmp_path / "out.html").stat().st_size
    assert "Content-Security-Policy" in page
    assert 'src="http' not in page
    assert 'href="http' not in page


@pytest.mark.slow
def test_export_writes_the_summary_if_asked_to(demo: Demo, tmp_path: Path) -> None:
    done = call(
        "export", demo.run_id, "out.html", "--summary", "--tracking-uri", demo.tracking_uri,
        cwd=tmp_path,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    page = (tmp_path / "out.html").read_text()
    assert "data:image/" in page
    assert "<h1" in page


@pytest.mark.slow
def test_export_writes_the_samples_of_an_insight(demo: Demo, tmp_path: Path) -> None:
    arguments = ["export", demo.run_id, "out.csv", "--tracking-uri", demo.tracking_uri]
    done = call(*arguments, "--insight", "1", cwd=tmp_path)
    if done.returncode == 0:
        header, *rows = (tmp_path / "out.csv").read_text().splitlines()
        assert header.startswith("split,sample_id,")
        assert rows
    else:  # six epochs may leave nothing to find
        assert "there is no insight 1; the report has none" in done.stderr

    done = call(*arguments, "--insight", "1000", cwd=tmp_path)
    assert done.returncode == 2
    assert "there is no insight 1000" in done.stderr


@pytest.mark.slow
def test_check_validates_the_captures_of_a_run(demo: Demo, tmp_path: Path) -> None:
    done = call("check", demo.run_id, "--tracking-uri", demo.tracking_uri, "--json", cwd=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["problems"] == []
    assert found["layers"] == ["backbone"]
    assert found["epochs"] == list(range(6))
    assert 5 in found["embedding_epochs"]
    assert found["rows"]["epoch 5, val"] == 450


@pytest.mark.slow
def test_sync_has_nothing_left_to_do_after_the_demo(demo: Demo) -> None:
    done = call("sync", str(demo.folder), "--json", cwd=demo.folder)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["left"] == 0
