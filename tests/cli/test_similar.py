"""`mlflow-latent similar`: samples near one of the demo's run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from processes import call

if TYPE_CHECKING:
    from pathlib import Path

    from processes import Demo


@pytest.mark.slow
def test_similar_lists_the_nearest_samples(demo: Demo, tmp_path: Path) -> None:
    where = ("--tracking-uri", demo.tracking_uri)
    done = call("similar", demo.run_id, "val-0", "-k", "4", *where, "--json", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["samples"]
    assert [row["rank"] for row in rows] == [1, 2, 3, 4]
    assert rows[0]["distance"] <= rows[3]["distance"]
    assert all({"split", "sample_id", "loss", "target"} <= set(row) for row in rows)

    spoken = call("similar", demo.run_id, "val-0", "--split", "train", *where, cwd=tmp_path)
    assert spoken.returncode == 0, spoken.stderr
    assert len(spoken.stdout.splitlines()) == 21
    assert "val-" not in spoken.stdout

    wrong = call("similar", demo.run_id, "val-9999", *where, cwd=tmp_path)
    assert wrong.returncode == 2
    assert "no sample 'val-9999' was captured; did you mean 'val-" in wrong.stderr


def test_a_run_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = call("similar", "nope", "val-0", "--tracking-uri", "sqlite:///x.db", cwd=tmp_path)

    assert done.returncode == 2
    assert "no MLflow" in done.stderr
    assert "Traceback" not in done.stderr
