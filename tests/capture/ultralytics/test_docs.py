"""The page on detection runs as it is shown."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[3] / "docs/detection.md"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Glyph .* missing from font:UserWarning")  # of an emoji
@pytest.mark.usefixtures("ultralytics", "tracking_uri")
def test_the_page_on_detection(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # It would compile for half a minute; another test has it.
    monkeypatch.setattr("mlflow_latent.api.analyze.analyze", lambda *_, **__: None)
    folder = tmp_path / "runs"
    names: dict[str, Any] = {"weights": "yolo11n.yaml", "data": str(data), "project": str(folder)}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL):
        exec(compile(block, str(PAGE), "exec"), names)  # noqa: S102 - our own documentation
    captured = [path.parts[-5] for path in folder.glob("*/.mlflow_latent/*/latent/captures")]
    assert len(captured) == len(set(captured)) == 2  # the training, and the validation alone
