"""The worked example of a third party's insight: installed as a package, found, and asked."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "third_party_insight"
SCRIPT = """
import sys

sys.path.insert(0, sys.argv[1])
from worlds import make_world
from mlflow_latent.analysis import AnalysisOptions, analyze
from mlflow_latent.measures import MeasureOptions

world = make_world(0, train=200, val=400)
options = AnalysisOptions(measures=MeasureOptions(projection="none"))
world.loss[world.metadata["brightness"] > 1.28] += 2
report = analyze(world.snapshot(), options)
print(*[insight.title for insight in report.insights if insight.kind == "bright_losses"], sep="|")
del world.metadata["brightness"]
report = analyze(world.snapshot(), options)
print(*[no.reason for no in report.not_applicable if no.kind == "bright_losses"], sep="|")
print(report.tests.get("bright_losses"))
print(*[no.reason for no in report.not_applicable if no.kind == "broken"], sep="|")
"""


@pytest.mark.slow
def test_the_example_is_installed_found_and_asked(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "site"
    shutil.copytree(EXAMPLE, source)  # building leaves files beside the source
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    options = ["--no-index", "--disable-pip-version-check", "--target", str(target)]
    subprocess.run([*pip, *options, str(source)], check=True, cwd=tmp_path)

    other = target / "broken-1.dist-info"  # another package, whose module is gone
    other.mkdir()
    (other / "METADATA").write_text("Name: broken\nVersion: 1\n", encoding="utf-8")
    (other / "entry_points.txt").write_text(
        "[mlflow_latent.insights]\nbroken = no_such_module\n", encoding="utf-8"
    )

    script = f"import sys; sys.path.insert(0, {str(target)!r})\n{SCRIPT}"
    done = subprocess.run(
        [sys.executable, "-c", script, str(ROOT / "tests")],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    found, reason, tests, broken = done.stdout.splitlines()
    assert found.startswith("The brightest tenth of val has ")
    assert reason == "no metadata field 'brightness' was captured"
    assert tests == "0"
    assert broken.startswith("'no_such_module' cannot be loaded: ModuleNotFoundError")
