from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from click.testing import CliRunner

import mlflow_latent as ml
from mlflow_latent.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from mending import Mended

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_LATENT_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


def test_the_list_names_what_is_wrong_with_the_data(mended_runs: Mended) -> None:
    listed = ml.work_list(mended_runs.bad.run_id, tracking_uri=mended_runs.tracking_uri)
    doubted = set(listed["sample_id"][listed["kind"] == "label_error"])
    assert len(doubted & mended_runs.wrong) >= 0.7 * len(doubted)
    leaked = listed[(listed["kind"] == "leakage") & (listed["split"] == "val")]
    assert set(leaked["sample_id"]) == mended_runs.leaked
    assert leaked["copy_of"].str.startswith("train/").all()


def test_the_command_writes_it(mended_runs: Mended, tmp_path: Path) -> None:
    run_id, uri = mended_runs.bad.run_id, mended_runs.tracking_uri
    for name in ("list.csv", "list.json"):
        path = tmp_path / name
        arguments = ["export", run_id, "--work-list", str(path), "--tracking-uri", uri]
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 0, done.output
        assert f"wrote {path}" in done.stdout
    listed = pd.read_csv(tmp_path / "list.csv")
    coco = json.loads((tmp_path / "list.json").read_text())
    assert len(coco["images"]) == len(listed.drop_duplicates(["split", "sample_id"]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name either a FILE to write, or --work-list"),
        (["a.html", "--work-list", "b.csv"], "name either a FILE to write, or --work-list"),
        (["--work-list", "there/b.csv"], "folder 'there' does not exist"),
        (["--work-list", "b.txt"], "'b.txt' must end in .csv (a table) or .json (COCO)"),
    ],
)
def test_what_cannot_be_written(mended_runs: Mended, arguments: list[str], message: str) -> None:
    uri = ["--tracking-uri", mended_runs.tracking_uri]
    done = CliRunner().invoke(main, ["export", mended_runs.bad.run_id, *arguments, *uri])
    assert done.exit_code == 2
    assert message in done.stderr
