"""The page's own unit tests, in Node: `npm test` in `ui/`."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UI = Path(__file__).parents[2] / "ui"
NPM = shutil.which("npm")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(NPM is None, reason="no Node is installed"),
    pytest.mark.skipif(
        not (UI / "node_modules" / "esbuild").is_dir(), reason="`npm ci` was not run in ui/"
    ),
]


def npm(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(NPM), *arguments], cwd=UI, capture_output=True, text=True, check=False, timeout=300
    )


def test_the_units_of_the_page() -> None:
    done = npm("test")

    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    passed = re.search(r"^\S+ pass (\d+)$", done.stdout, re.MULTILINE)
    assert passed, done.stdout[-2000:]
    assert int(passed.group(1)) > 50


@pytest.mark.skipif(
    not (UI / "node_modules" / "typescript").is_dir(), reason="`npm ci` was run without typescript"
)
def test_the_types_of_the_page() -> None:
    done = npm("run", "check")

    assert done.returncode == 0, done.stdout[-8000:]
