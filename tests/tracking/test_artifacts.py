from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlflow_latent.errors import TrackingError
from mlflow_latent.tracking.artifacts import Artifact, RunArtifacts, default_cache
from mlflow_latent.tracking.connection import Connection

if TYPE_CHECKING:
    from pathlib import Path


class Listing:
    """What a hostile server could answer in place of MLflow's own."""

    def __init__(self, path: str, size: int | None = 1) -> None:
        self.path, self.file_size, self.is_dir = path, size, False


class HostileClient:
    def __init__(self, path: str) -> None:
        self.path = path

    def list_artifacts(self, _run_id: str, _folder: str) -> list[Listing]:
        return [Listing(self.path)]

    def download_artifacts(self, _run_id: str, _path: str, folder: str) -> str:
        with open(f"{folder}/rank0.parquet", "wb") as file:  # noqa: PTH123 - as MLflow does
            file.write(b"cut")
        return f"{folder}/rank0.parquet"


def hostile(path: str, cache: Path) -> RunArtifacts:
    connection = Connection("sqlite:///:memory:")
    connection.__dict__["client"] = HostileClient(path)
    return RunArtifacts(connection, "abc", cache)


@pytest.mark.parametrize(
    "path",
    [
        "latent/captures/../../../../etc/passwd",
        "/etc/passwd",
        "../x",
        "latent",
        "other/file",
        "latent/captures\\..\\x",
        "latent/captures/a\0b",
    ],
)
def test_a_listing_cannot_name_a_place_outside_it(path: str, tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="which is not below it"):
        hostile(path, tmp_path).list_files("latent/captures")


def test_a_file_that_arrives_truncated_is_named_and_not_kept(tmp_path: Path) -> None:
    artifacts = hostile("latent/captures/rank0.parquet", tmp_path)
    file = Artifact("latent/captures/rank0.parquet", 4)
    with pytest.raises(TrackingError, match=r"rank0\.parquet.*3 bytes instead of 4; try again"):
        artifacts.fetch([file])
    assert [path for path in artifacts.folder.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("run_id", ["../../..", "..", "/abs", "a/b"])
def test_a_hostile_run_id_stays_in_the_cache(run_id: str, tmp_path: Path) -> None:
    folder = RunArtifacts(Connection("sqlite:///:memory:"), run_id, tmp_path).folder
    assert folder.resolve().parent.parent == tmp_path


def test_the_same_run_id_of_two_servers_stays_apart(tmp_path: Path) -> None:
    uris = ["http://one", "http://two"]
    assert len({RunArtifacts(Connection(uri), "abc", tmp_path).folder for uri in uris}) == 2


def test_the_cache_is_where_the_user_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MLFLOW_LATENT_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert default_cache() == tmp_path / "xdg" / "mlflow-latent"
    monkeypatch.setenv("MLFLOW_LATENT_CACHE", str(tmp_path / "mine"))
    assert default_cache() == tmp_path / "mine"
