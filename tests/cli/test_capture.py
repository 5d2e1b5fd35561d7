"""`mlflow-latent capture` and `mlflow-latent label-next`, on a folder of captures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from mlflow_latent.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

SCRIPT = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.backbone, self.head = nn.Linear(4, 6), nn.Linear(6, 3)

    def forward(self, rows):
        return self.head(self.backbone(rows).relu())


def model():
    return Net()


def loader():
    rows = torch.randn(80, 4, generator=torch.Generator().manual_seed(1))
    return DataLoader(TensorDataset(rows, torch.arange(80) % 3), batch_size=16)
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of captures, and beside it a script that has the model and the loader."""
    from mlflow_latent.capture import Recorder
    from mlflow_latent.schema import CaptureInfo

    (tmp_path / "own_script.py").write_text(SCRIPT)
    monkeypatch.chdir(tmp_path)
    info = CaptureInfo(layers=("backbone",), pool="mean")
    rows = Recorder(tmp_path / "captures", info).begin(0, "val")
    size = 120
    numbers = [(number * 37 % 101) / 50 - 1 for number in range(size * 6)]
    vectors = [numbers[6 * row : 6 * row + 6] for row in range(size)]
    rows.add(
        {
            "sample_id": range(size),
            "loss": [abs(vector[0]) + 0.1 for vector in vectors],
            "target": [row % 3 for row in range(size)],
            "embedding_backbone": vectors,
        }
    )
    rows.close()
    return tmp_path / "captures"


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_capture_then_label_next(run: Path, tmp_path: Path) -> None:
    place = ("--model", "own_script:model", "--data", "own_script:loader", "--split", "fisheye")
    done = call("capture", str(run), *place, "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["split"], found["n"], found["epoch"]) == ("fisheye", 80, 0)

    again = call("capture", str(run), *place)
    assert again.exit_code == 2
    assert "split 'fisheye' was captured already" in again.stderr
    said = call("capture", str(run), *place, "--replace")
    assert "80 samples of 'fisheye' captured at epoch 0" in said.stdout

    output = tmp_path / "list.csv"
    options = ("--split", "fisheye", "-n", "12", "--strategy", "coverage")
    listed = call("label-next", str(run), *options, "--output", str(output), "--json")
    assert listed.exit_code == 0, listed.output
    assert len(json.loads(listed.stdout)["picks"]) == 12
    assert len(output.read_text().splitlines()) == 13
    spoken = call("label-next", str(run), *options)
    assert "12 of 80 samples of 'fisheye'" in spoken.stdout
    assert "and 2 more" in spoken.stdout


@pytest.mark.parametrize(
    ("model", "data", "message"),
    [
        ("nowhere", "own_script:loader", "--model takes a file or module:function, got 'nowhere'"),
        ("own_script:modle", "own_script:loader", "no function 'modle'; did you mean 'model'?"),
        ("no_module:model", "own_script:loader", "No module named 'no_module'"),
        ("own_script:model", "no/folder", "--data takes a file or module:function"),
        ("own_script.py", "own_script:loader", "is no model that can be loaded by itself"),
    ],
)
def test_what_cannot_be_found_is_one_line(run: Path, model: str, data: str, message: str) -> None:
    done = call("capture", str(run), "--model", model, "--data", data)
    assert done.exit_code == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_label_next_names_a_wrong_split(run: Path) -> None:
    done = call("label-next", str(run), "--split", "vall")
    assert done.exit_code == 2
    assert "split 'vall' was not captured; did you mean 'val'?" in done.stderr
