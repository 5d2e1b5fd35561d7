"""`python -m lightning_callbacks.check [--json] SCRIPT [ARGUMENTS...]`.

Runs a training script for two batches of two epochs and says in plain words whether capture will
work. SCRIPT is a Python file, or `-m` and a module. Exit status: 0 it will, 1 there are problems,
2 the script cannot be run as given.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager, redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from lightning_callbacks.findings import as_document, find
from lightning_callbacks.rehearsal import rehearse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightning_callbacks.findings import Finding

WELL, PROBLEMS, BAD_INPUT = 0, 1, 2
USAGE = "usage: python -m lightning_callbacks.check [--json] SCRIPT.py|-m MODULE [ARGUMENTS...]"
_SIGNS = {"ok": "ok     ", "warning": "warning", "problem": "PROBLEM"}


def main(arguments: list[str] | None = None) -> int:
    """Check a script; see the module's docstring."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    as_json = words[:1] == ["--json"]
    words = words[as_json:]
    is_module = words[:1] == ["-m"]
    words = words[is_module:]
    mistake = _mistake(words, is_module=is_module)
    if mistake is not None:
        print(mistake, file=sys.stderr)  # noqa: T201 - this is a command
        return BAD_INPUT
    return _check(words[0], words[1:], as_json=as_json)


def _mistake(words: list[str], *, is_module: bool) -> str | None:
    if not words:
        return USAGE
    script = words[0]
    if is_module:
        return None if _is_module(script) else f"there is no module {script!r}"
    if not Path(script).is_file():
        return f"there is no file {script!r}; {USAGE}"
    if not script.endswith(".py"):
        return f"{script!r} is not a Python file (.py); {USAGE}"
    return None


def _is_module(name: str) -> bool:
    sys.path.insert(0, str(Path.cwd()))  # as `python -m` does
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _check(script: str, arguments: list[str], *, as_json: bool) -> int:
    with TemporaryDirectory(prefix="mlflow-latent-check-") as folder:
        with _standard_output_for_us():
            seen = rehearse(script, arguments, Path(folder))
        findings = find(seen)
    if as_json:
        print(json.dumps(as_document(seen, findings), indent=1))  # noqa: T201 - this is a command
    else:
        _say(findings)
    if seen.bad_arguments:
        return BAD_INPUT
    return PROBLEMS if any(finding.status == "problem" for finding in findings) else WELL


def _say(findings: list[Finding]) -> None:
    for finding in findings:
        print(f"{_SIGNS[finding.status]}  {finding.check}: {finding.text}")  # noqa: T201 - this is a command
    problems = sum(finding.status == "problem" for finding in findings)
    end = f"{problems} problem(s): capture will not work as it is" if problems else "capture works"
    print(end)  # noqa: T201 - this is a command


@contextmanager
def _standard_output_for_us() -> Iterator[None]:
    """Send what the script prints, and its own processes, to standard error."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


if __name__ == "__main__":
    sys.exit(main())
