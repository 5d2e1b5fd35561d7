"""Trainings in processes of their own: killed, distributed, without their server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
import torch

from mlflow_latent.store import CaptureStore, captures_shard
from mlflow_latent.tracking import RunTracker, sync

if TYPE_CHECKING:
    from collections.abc import Callable

SCRIPT = Path(__file__).with_name("training_script.py")
ROWS = 41
SECONDS = 240


def train(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    folder.mkdir(exist_ok=True)
    command = [sys.executable, str(SCRIPT), str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)


def store_in(folder: Path) -> CaptureStore:
    return CaptureStore(folder / ".mlflow_latent" / "no-run" / "latent")


@pytest.mark.slow
@pytest.mark.parametrize("where", ["training", "validation"])
def test_killed_in_mid_epoch_all_earlier_epochs_read_back_whole(tmp_path: Path, where: str) -> None:
    done = train(tmp_path, "--die-in", where)
    assert done.returncode == -9, done.stderr
    store = store_in(tmp_path)
    assert store.epochs() == [0, 1]
    assert store.problems == ()
    assert store.snapshot().frame["split"].value_counts().to_dict() == {"train": ROWS, "val": ROWS}
    assert store.history().groupby("epoch").size().tolist() == [2 * ROWS] * 2


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("distributed")
    done = train(folder, "--devices", "2", "--epochs", "2")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_two_processes_write_a_shard_each_without_padding(two_processes: Path) -> None:
    store = store_in(two_processes)
    shards = [captures_shard(store.root, 1, "val", rank) for rank in range(2)]
    ids = [pq.read_table(path, partitioning=None)["sample_id"].to_pylist() for path in shards]
    assert ids == [
        [f"val-{place}" for place in range(0, ROWS, 2)],
        [f"val-{place}" for place in range(1, ROWS, 2)],
    ]
    snapshot = store.snapshot()
    assert snapshot.frame["split"].value_counts().to_dict() == {"train": ROWS, "val": ROWS}
    assert store.embedding_epochs() == [1]
    # The same samples, seen once in validation and once as a probe, by whichever process.
    both = snapshot.frame.assign(number=snapshot.frame["sample_id"].str.split("-").str[1])
    losses = both.pivot_table(index="number", columns="split", values="loss")
    torch.testing.assert_close(
        torch.tensor(losses["train"].to_numpy()), torch.tensor(losses["val"].to_numpy())
    )


@pytest.mark.slow
def test_failure_in_one_process_ends_capture_in_both_and_training_in_none(
    two_processes: Path, tmp_path: Path
) -> None:
    done = train(tmp_path, "--devices", "2", "--epochs", "2", "--fail-in-rank", "1")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("this process is out of luck") == 1
    assert "it failed in another process" in done.stderr
    store = store_in(tmp_path)
    assert store.epochs() == [0]
    assert len(store.snapshot()) == 2 * ROWS
    assert not list(store.root.rglob("*.tmp"))
    weights = [torch.load(folder / "weights.pt") for folder in (two_processes, tmp_path)]
    assert torch.equal(*weights)


@pytest.mark.slow
def test_dead_server_neither_stalls_the_training_nor_loses_anything(
    tmp_path: Path, new_server: Callable[[], Any], new_run: Callable[[str], str]
) -> None:
    server = new_server()
    server.start()
    run_id = new_run(server.uri)
    server.kill()
    run = ["--run-id", run_id, "--tracking-uri", server.uri]
    done = train(tmp_path / "captured", *run)
    assert done.returncode == 0, done.stderr
    assert train(tmp_path / "plain", "--without-capture").returncode == 0
    captured, plain = (
        float((tmp_path / name / "seconds.txt").read_text()) for name in ("captured", "plain")
    )
    assert captured <= plain + 10
    assert f"mlflow-latent sync {tmp_path}" in done.stderr

    server.start()
    result = sync(tmp_path / "captured")
    assert result.complete
    spool = tmp_path / "captured" / ".mlflow_latent" / run_id
    written = {path.relative_to(spool) for path in (spool / "latent").rglob("*.parquet")}
    back = RunTracker(run_id, server.uri).download_latent()
    assert len(written) == 8
    assert len(CaptureStore(back).snapshot()) == 2 * ROWS
    assert len(CaptureStore(back).history()) == 3 * 2 * ROWS
