"""The code that README and docs show runs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from mlflow_latent.tracking import RunTracker

if TYPE_CHECKING:
    from processes import Demo

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)


def run(page: str, names: dict[str, Any]) -> dict[str, Any]:
    found = blocks(page)
    assert found
    for block in found:
        exec(compile(block, page, "exec"), names)  # noqa: S102 - our own documentation
    return names


def test_readme(demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pytorch_lightning import Trainer
    from pytorch_lightning.loggers import MLFlowLogger

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", demo.tracking_uri)
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(3), 60)
    names = run(
        "README.md",
        {
            "Trainer": Trainer,
            "MLFlowLogger": MLFlowLogger,
            "train_eval_loader": [],
            "run_id": demo.run_id,
            "ids": np.arange(60),
            "split": np.repeat(["train", "val"], 30),
            "emb": rng.normal(size=(60, 4)),
            "loss": rng.random(60),
            "y": rng.integers(0, 3, 60),
            "yhat": probabilities.argmax(1),
            "p": probabilities,
            "frame": pd.DataFrame({"light": rng.random(60)}),
        },
    )
    assert len(names["report"].samples) == 60
    assert names["capture"] in names["trainer"].callbacks


def test_data(demo: Demo, tmp_path: Path) -> None:
    tracker = RunTracker(demo.run_id, demo.tracking_uri)
    latent = shutil.copytree(tracker.download_latent(), tmp_path / "latent")
    analysis = tracker.download_analysis(names=["explorer.bin"])
    names = run("docs/data.md", {"latent": latent, "analysis": analysis})

    assert len(names["worst"]) == 10
    assert set(names["worst"]["split"]) <= {"train", "val"}
    assert len(names["snapshot"]) == 1797
    assert len(names["codes"]) == 1797
    assert (latent / "media/split=val/overlays-rank0.parquet").exists()
