"""The benchmark of planted failures runs, finds exact copies, and writes only between its marks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "planted.py"


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.slow
def test_tables_are_written_between_the_marks(tmp_path: Path) -> None:
    document = tmp_path / "benchmarks.md"
    document.write_text("before <!-- planted: begin --> old <!-- planted: end --> after")

    done = run("--only", "leakage", "--cell", "exact, 3,000", "--seeds", 1, "--write", document)

    assert done.returncode == 0, done.stderr
    text = document.read_text()
    assert text.startswith("before ")
    assert text.endswith(" after")
    assert " old " not in text
    assert "| `leakage` | 1 | 1.00 | – | 1.00 | 1.00 |" in text


def test_a_document_without_marks_is_left_alone(tmp_path: Path) -> None:
    document = tmp_path / "benchmarks.md"
    document.write_text("no marks")

    done = run("--cell", "no cell has this name", "--write", document)

    assert done.returncode == 1
    assert "has no place for tables" in done.stderr
    assert document.read_text() == "no marks"
