"""Runs in which something is missing, broken or hostile: the page says so, and what to do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from exploring import HOSTILE, LONG, log_captures
from serving import ask

from mlflow_latent import analyze
from mlflow_latent.report.explorer.encode import encode_explorer
from mlflow_latent.report.model import Report, SplitSummary
from mlflow_latent.snapshot import Snapshot
from mlflow_latent.tracking.manifest import MANIFEST_FILE, Manifest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from browser.conftest import Explorer, World

FOLDER = "latent/analysis/epoch=00002"


def empty_run(world: World, name: str) -> str:
    return str(world.client.create_run(world.experiment, run_name=name).info.run_id)


def upload(world: World, folder: Path, content: bytes, *, whole: bool = True) -> str:
    """Make a run with an analysis of which only the page's data is there."""
    run_id = empty_run(world, "made by hand")
    folder.mkdir(parents=True)
    (folder / "explorer.bin").write_bytes(content)
    if whole:
        manifest = Manifest.of(folder, [folder / "explorer.bin"], 2)
        (folder / MANIFEST_FILE).write_text(manifest.model_dump_json())
    world.client.log_artifacts(run_id, str(folder), FOLDER)
    return run_id


def few(size: int) -> bytes:
    """The data of so few samples."""
    ids = [f"s{number}" for number in range(size)]
    frame = pd.DataFrame({"sample_id": ids, "split": ["val"] * size, "loss": np.ones(size)})
    report = Report(
        task="classification",
        confidence=0.95,
        error_budget=0.05,
        parameters={},
        splits=(SplitSummary(split="val", n=size, n_labelled=size),),
        insights=(),
        not_applicable=(),
        regions=(),
        curves=(),
    )
    return encode_explorer(report.with_samples(frame))


def alert(new_page: Callable[..., Explorer], world: World, page: str) -> str:
    explorer = new_page().open(world.address(page))
    box = explorer.page.get_by_role("alert")
    box.wait_for()
    assert explorer.page.locator(".map").count() == 0
    return box.inner_text()


def test_a_run_without_captures(new_page: Callable[..., Explorer], world: World) -> None:
    said = alert(new_page, world, f"run/{empty_run(world, 'nothing')}")
    assert "no captures" in said
    assert "mlflow-latent check" in said


def test_captures_that_were_not_analyzed(new_page: Callable[..., Explorer], world: World) -> None:
    run_id = log_captures(world.client, world.experiment, "only captures", world.main.captures)
    said = alert(new_page, world, f"run/{run_id}")
    assert "no complete analysis" in said
    assert f"mlflow-latent analyze {run_id}" in said


def test_a_half_uploaded_analysis_is_not_shown(
    new_page: Callable[..., Explorer], world: World, tmp_path: Path
) -> None:
    run_id = upload(world, tmp_path / "half", few(3), whole=False)
    captured = tmp_path / "latent" / "captures"
    captured.mkdir(parents=True)
    (captured / "rank0.parquet").write_bytes(b"")
    world.client.log_artifacts(run_id, str(captured), "latent/captures/epoch=00002/split=val")
    assert "no complete analysis" in alert(new_page, world, f"run/{run_id}")


def test_an_analysis_of_a_newer_version(
    new_page: Callable[..., Explorer], world: World, tmp_path: Path
) -> None:
    content = few(3)
    newer = content.replace(b'"schema_version":1', b'"schema_version":9')
    assert newer != content
    said = alert(new_page, world, f"run/{upload(world, tmp_path / 'newer', newer)}")
    assert "schema version 9" in said
    assert "pip install --upgrade mlflow-latent" in said


@pytest.mark.parametrize("content", [b"", b"\x05\x00\x00\x00{", b"not at all what is expected"])
def test_damaged_data(
    new_page: Callable[..., Explorer], world: World, tmp_path: Path, content: bytes
) -> None:
    said = alert(new_page, world, f"run/{upload(world, tmp_path / 'damaged', content)}")
    assert "nalyze" in said


def test_a_deleted_artifact(
    new_page: Callable[..., Explorer], world: World, tmp_path: Path
) -> None:
    run_id = upload(world, tmp_path / "deleted", few(3))
    (file,) = (world.server.folder / "artifacts").glob(f"*/{run_id}/**/explorer.bin")
    file.unlink()
    said = alert(new_page, world, f"run/{run_id}")
    assert "explorer.bin" in said
    assert f"mlflow-latent analyze {run_id}" in said


def test_an_unknown_run(new_page: Callable[..., Explorer], world: World) -> None:
    explorer = new_page().open(world.address("run/" + "0" * 32))
    explorer.page.get_by_text("MLflow knows no such run").wait_for()
    assert explorer.page.locator(".map").count() == 0


@pytest.mark.parametrize("path", ["../../mlflow.db", "latent/../../../mlflow.db", "..%2fmlflow.db"])
def test_a_path_that_leads_out(world: World, path: str) -> None:
    reply = ask(world.server.uri, f"latent/files/{world.main.run_id}/{path}")
    assert reply.status in {400, 403, 404}
    assert b"SQLite" not in reply.body


@pytest.mark.parametrize("size", [0, 1, 2])
def test_hardly_any_samples(
    new_page: Callable[..., Explorer], world: World, tmp_path: Path, size: int
) -> None:
    run_id = upload(world, tmp_path / "few", few(size))
    explorer = new_page().open(world.address(f"run/{run_id}"))
    explorer.page.locator(".kept strong").wait_for()
    assert explorer.shown_count() == size
    explorer.page.locator(".map-empty").wait_for()
    for tab in ("Insights", "Samples", "Curves", "Selection"):
        explorer.tab(tab)
        explorer.page.locator("#tab-panel section").first.wait_for()
    explorer.tab("Samples")
    if size:
        assert explorer.page.locator("[data-place]").count() == size
    else:
        explorer.page.get_by_text("holds no samples").wait_for()


def test_five_thousand_classes(
    new_page: Callable[..., Explorer], world: World, tmp_path: Path
) -> None:
    size, classes = 6_000, 5_000
    random = np.random.default_rng(0)
    target = np.arange(size) % classes
    snapshot = Snapshot.from_arrays(
        sample_id=[f"s{number}" for number in range(size)],
        split=random.choice(["train", "val"], size),
        embedding=random.normal(size=(size, 4)).astype(np.float32),
        loss=random.exponential(size=size).astype(np.float32),
        target=target,
        prediction=random.integers(classes, size=size),
        class_names=[f"class {number}" for number in range(classes)],
    )
    report = analyze(snapshot, projection="pca")
    run_id = upload(world, tmp_path / "classes", encode_explorer(report))

    explorer = new_page().open(world.address(f"run/{run_id}")).ready()
    page = explorer.page
    assert explorer.value("dataset.column('target').categories.length") == classes
    page.get_by_role("searchbox", name="Find among the categories of class", exact=True).fill(
        "class 4999"
    )
    page.locator(".bar-row", has_text="class 4999").click()
    assert explorer.kept() == np.flatnonzero(target == 4999).tolist()
    assert page.locator(".legend-entry").count() <= 12
    assert "others" in page.locator(".legend").inner_text()
    assert page.evaluate("document.querySelectorAll('*').length") < 4_000


def test_hostile_names_are_text(new_page: Callable[..., Explorer], world: World) -> None:
    explorer = new_page().open(world.address(f"run/{world.runs['hostile'].run_id}")).ready()
    page = explorer.page
    for tab in ("Samples", "Curves", "Selection", "Insights"):
        explorer.tab(tab)
        page.locator("#tab-panel section").first.wait_for()
    explorer.value("session.update({openFields: dataset.columns.map((column) => column.name)})")
    row = explorer.value(
        "[...Array(dataset.n).keys()].find((row) => dataset.sampleId(row)[0] === 'x')"
    )
    for pinned in (row, row + 1):
        explorer.value(f"session.update({{pinned: {pinned}, color: 'target'}})")
        page.locator(".detail h2").wait_for()
    assert page.locator(".detail h2").inner_text().startswith(HOSTILE[:20])

    assert page.locator("img").count() == 0
    assert "pwned" not in page.title()
    assert "<img" in page.title()  # the run's own name, as text
    names = json.dumps([HOSTILE, LONG])
    assert explorer.value(f"{names}.every((name) => dataset.header.class_names.includes(name))")
    # Nothing of ten thousand letters may push the page out of its window.
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_hostile_names_in_the_list_and_beside_each_other(
    new_page: Callable[..., Explorer], world: World
) -> None:
    run = world.runs["hostile"].run_id
    for address in ("", f"compare?run={run}&run={world.main.run_id}"):
        page = new_page().open(world.address(address)).page
        page.get_by_text("<img src=x onerror=alert(1)>").first.wait_for()
        assert page.locator("img").count() == 0
        assert "pwned" not in page.title()
