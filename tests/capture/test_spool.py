from __future__ import annotations

import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlflow_latent.capture.spool import FileVersion, Spool
from mlflow_latent.errors import CorruptFileError, InputError


def write(spool: Spool, name: str, content: str = "rows") -> Path:
    path = spool.latent / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool.create(tmp_path, run_id="abc", tracking_uri="http://127.0.0.1:5000")


def test_is_opened_again_as_it_was_created(spool: Spool) -> None:
    assert Spool.open(spool.folder) == spool
    assert Spool.create(spool.folder.parent, run_id="abc", tracking_uri=spool.tracking_uri) == spool


def test_keeps_the_tracking_uri_from_other_users_since_it_may_hold_a_password(spool: Spool) -> None:
    assert stat.S_IMODE((spool.folder / "spool.json").stat().st_mode) == 0o600


def test_pending_names_whole_files_oldest_first(spool: Spool) -> None:
    later = write(spool, "captures/epoch=00001/split=val/rank0.parquet")
    time.sleep(0.02)
    latest = write(spool, "a.parquet")
    write(spool, "captures/epoch=00002/split=val/rank0.parquet.tmp")
    (spool.latent / "link").symlink_to("/etc/hostname")
    assert spool.pending() == [later, latest]
    assert spool.artifact_folder(later) == "latent/captures/epoch=00001/split=val"
    assert spool.artifact_folder(spool.folder / "latent_overview.png") == ""


def test_uploaded_files_are_pending_again_when_they_change(spool: Spool) -> None:
    path = write(spool, "samples/rank0.parquet")
    spool.mark_uploaded(path)
    assert Spool.open(spool.folder).pending() == []
    path.write_text("other rows")
    assert spool.pending() == [path]


def test_a_file_replaced_during_its_upload_stays_pending(spool: Spool) -> None:
    path = write(spool, "samples/rank0.parquet")
    version = FileVersion.of(path)
    path.write_text("newer rows")
    spool.mark_uploaded(path, version)
    assert spool.pending() == [path]


@pytest.mark.parametrize("keep", range(1, 60, 7))
def test_a_journal_torn_anywhere_loses_only_its_last_line(spool: Spool, keep: int) -> None:
    first, second, third = (write(spool, name) for name in ("1", "2", "3"))
    spool.mark_uploaded(first)
    whole = (spool.folder / "uploads.jsonl").read_bytes()
    spool.mark_uploaded(second)
    torn = (spool.folder / "uploads.jsonl").read_bytes()[: len(whole) + keep]
    (spool.folder / "uploads.jsonl").write_bytes(torn)
    spool.mark_uploaded(third)
    assert set(spool.pending()) <= {second}
    assert first not in spool.pending()
    assert third not in spool.pending()


@pytest.mark.parametrize("content", [b"", b'{"run_id": "a', b"\xff\xfe", b"[]", b"{}"])
def test_a_broken_spool_file_is_named_and_the_others_are_found(
    spool: Spool, content: bytes
) -> None:
    broken = Spool.create(spool.folder.parent, run_id="broken", tracking_uri=None)
    (broken.folder / "spool.json").write_bytes(content)
    with pytest.raises(CorruptFileError, match=r"broken.spool\.json"):
        Spool.open(broken.folder)
    assert Spool.find_all(spool.folder.parent) == [spool]
    assert len(Spool.find_folders(spool.folder.parent)) == 2


@pytest.mark.parametrize("run_id", ["../../etc", "..", ".", "a/b", "/abs", "ü ' \n", "%2E"])
def test_a_hostile_run_id_stays_one_folder_below_the_root(tmp_path: Path, run_id: str) -> None:
    root = tmp_path / "root"
    spool = Spool.create(root, run_id=run_id, tracking_uri=None)
    assert spool.folder.parent == root
    assert Spool.open(spool.folder).run_id == run_id


def test_an_empty_run_id_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="run_id is ''"):
        Spool.create(tmp_path, run_id="", tracking_uri=None)


def test_trainings_without_a_run_do_not_mix(tmp_path: Path) -> None:
    first = Spool.create(tmp_path, run_id=None, tracking_uri=None)
    second = Spool.create(tmp_path, run_id=None, tracking_uri=None)
    assert [first.folder.name, second.folder.name] == ["no-run", "no-run-2"]


def test_a_path_outside_the_spool_is_refused(spool: Spool, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not inside the spool"):
        spool.artifact_folder(tmp_path / "other.parquet")


def test_the_journal_survives_a_killed_process(spool: Spool) -> None:
    paths = [write(spool, f"{number:04}") for number in range(200)]
    script = f"""
import pathlib
from mlflow_latent.capture.spool import Spool
spool = Spool.open(pathlib.Path({str(spool.folder)!r}))
for path in spool.pending():
    spool.mark_uploaded(path)
    print(path, flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process, process.stdout as printed:
        marked = {Path(printed.readline().strip()) for _ in range(50)}
        process.kill()
        marked |= {Path(line.strip()) for line in printed if line.endswith("\n")}
    pending = set(spool.pending())
    assert not pending & marked
    assert len(paths) - len(pending) - len(marked) in {0, 1}


def test_a_relative_database_is_found_from_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spool = Spool.create(tmp_path / "spool", run_id="abc", tracking_uri="sqlite:///mlflow.db")
    assert Spool.open(spool.folder).tracking_uri == f"sqlite:///{tmp_path}/mlflow.db"
