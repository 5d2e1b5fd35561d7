"""The page on segmentation runs as it is shown."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs/segmentation.md"


@pytest.mark.slow
def test_the_page_on_segmentation(
    scenes: Path,
    pair: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "annotations").symlink_to(scenes / "annotations")
    (tmp_path / "images").symlink_to(scenes / "images")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", pair.tracking_uri)
    runs = {"category_run": pair.categories, "supercategory_run": pair.supercategories}
    names: dict[str, Any] = dict(runs)
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL):
        exec(compile(block, str(PAGE), "exec"), names)  # noqa: S102 - our own documentation
    assert names["capture"].settings.overlays is names["draw"]
    assert "metric_iou_vehicle" in capsys.readouterr().out
    assert len(list((names["folder"] / "images/train2017").glob("*.jpg"))) == 8
    assert (tmp_path / "streets_fisheye/truth_objects.csv").exists()
