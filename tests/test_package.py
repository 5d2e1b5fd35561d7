"""What a user sees of the package before using it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from setuptools import find_packages

import mlflow_latent

ROOT = Path(__file__).parent.parent
HEAVY = {"torch", "mlflow", "umap", "matplotlib", "pandas", "sklearn", "faiss", "lightning"}


def test_all_is_the_public_surface_and_every_name_can_be_had() -> None:
    assert mlflow_latent.__all__ == sorted(mlflow_latent.__all__)
    for name in mlflow_latent.__all__:
        assert getattr(mlflow_latent, name).__module__.startswith("mlflow_latent.")
    assert set(dir(mlflow_latent)) == set(mlflow_latent.__all__)
    with pytest.raises(AttributeError, match="no attribute 'analyse'"):
        mlflow_latent.analyse  # noqa: B018


def loaded_by(code: str) -> set[str]:
    script = f"{code}; import sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("code", ["import mlflow_latent", "import mlflow_latent.cli"])
def test_importing_loads_nothing_heavy(code: str) -> None:
    assert not HEAVY & loaded_by(code)


def test_the_analyzer_needs_no_training_framework() -> None:
    loaded = loaded_by("import mlflow_latent as ml; ml.analyze, ml.Snapshot, ml.Report")
    assert not {"torch", "mlflow", "lightning", "pytorch_lightning", "ultralytics"} & loaded


def test_every_package_of_the_tree_is_installed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    found = find_packages(str(ROOT), include=["mlflow_latent*", "lightning_callbacks*"])
    examples = [f"mlflow_latent_examples.{name}" for name in find_packages(str(ROOT / "examples"))]
    assert sorted(listed) == sorted([*found, "mlflow_latent_examples", *examples])
