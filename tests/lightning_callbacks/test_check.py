from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from lightning_callbacks.check import main

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """
import sys, torch
import pytorch_lightning as pl
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset
from lightning_callbacks import LatentCapture

print("the script's own words", sys.argv[1:])


class Model(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.backbone, self.head = nn.Conv2d(1, 8, 3), nn.Linear(8, 3)

    def forward(self, x):
        return self.head(self.backbone(x).mean((2, 3)))

    def training_step(self, batch, _):
        return cross_entropy(self(batch[0]), batch[1])

    def validation_step(self, batch, _):
        logits = self(batch[0])
        loss = cross_entropy(logits, batch[1], reduction="none")
        return {RETURN}

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


loader = DataLoader(TensorDataset(torch.randn(99, 1, 6, 6), torch.arange(99) % 3), batch_size=8)
capture = LatentCapture({CAPTURE})
trainer = pl.Trainer(max_epochs=1000, callbacks=[capture, pl.callbacks.ModelCheckpoint("here")])
trainer.fit(Model(), loader, loader, ckpt_path="missing.ckpt")
raise AssertionError("a check ends with the fit")
"""
GOOD = "'backbone', probes={'train': loader}, metadata=lambda b: {'mean': b[0].mean((1, 2, 3))}"
SAMPLES = "{'loss': loss, 'target': batch[1], 'scores': 1}"


def check(
    folder: Path, capture: str = GOOD, returned: str = SAMPLES, *flags: str
) -> subprocess.CompletedProcess[str]:
    script = folder / "train.py"
    script.write_text(SCRIPT.replace("{CAPTURE}", capture).replace("{RETURN}", returned))
    return run([*flags, str(script), "--lr", "1"], folder)


def run(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lightning_callbacks.check", *arguments]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=240,
        cwd=folder,
        check=False,
        env=environment,
    )


def texts(document: dict[str, Any], kind: str) -> list[str]:
    return [found["text"] for found in document["findings"] if found["check"] == kind]


@pytest.mark.slow
def test_good_script_is_described_and_nothing_is_left_behind(tmp_path: Path) -> None:
    done = check(tmp_path, GOOD, SAMPLES, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["ok"] is True
    assert document["layers"] == {"backbone": "(8, 8, 4, 4)"}
    assert document["splits"] == {"val": 99, "train": 99}
    assert texts(document, "layer") == [
        "layer 'backbone' returns (8, 8, 4, 4), which makes 8 numbers per sample"
    ]
    assert "val: mean is float" in texts(document, "metadata")
    assert any("'val-0'" in text for text in texts(document, "ids"))
    assert all("one loss per sample" in text for text in texts(document, "loss"))
    assert "'scores'" in texts(document, "outputs")[0]
    assert "thumbnails" in texts(document, "disk")[0]
    assert "the script's own words ['--lr', '1']" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["train.py"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("capture", "returned", "match"),
    [
        ("'backbon'", SAMPLES, "layer 'backbon' not found in the model; did you mean 'backbone'"),
        (GOOD, "loss.mean().expand(len(loss))", "as if it were their mean"),
        (GOOD, "1 / 0", r"ZeroDivisionError: division by zero \(.*train.py, line 26\)"),
    ],
)
def test_problems_are_said(tmp_path: Path, capture: str, returned: str, match: str) -> None:
    done = check(tmp_path, capture, returned)
    assert done.returncode == 1, done.stderr
    first = done.stdout.splitlines()[0]
    assert first.startswith("PROBLEM")
    assert re.search(match, first)
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_default_file_store_names_the_line_to_change(tmp_path: Path) -> None:
    (tmp_path / "stores.py").write_text(
        "from pytorch_lightning.loggers import MLFlowLogger\nMLFlowLogger()\n"
    )
    done = run(["stores.py"], tmp_path)
    assert done.returncode == 1
    assert "change the line to MLFlowLogger(tracking_uri='sqlite:///mlflow.db')" in done.stdout


@pytest.mark.slow
def test_script_without_the_callback(tmp_path: Path) -> None:
    (tmp_path / "empty.py").write_text("x = 1\n")
    done = run(["empty.py"], tmp_path)
    assert done.returncode == 1
    assert "add it: Trainer(callbacks=[LatentCapture(" in done.stdout


@pytest.mark.slow
def test_script_that_ends_itself(tmp_path: Path) -> None:
    (tmp_path / "stops.py").write_text("raise SystemExit(2)\n")
    done = run(["stops.py"], tmp_path)
    assert done.returncode == 2
    assert "exit status 2" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ([], "usage"),
        (["missing.py"], "no file 'missing.py'"),
        (["notes.txt"], "not a Python file"),
        (["-m", "no.such.module"], "no module 'no.such.module'"),
    ],
)
def test_bad_input(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    match: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "notes.txt").write_text("")
    assert main(arguments) == 2
    assert match in capsys.readouterr().err
