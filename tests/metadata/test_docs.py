"""The code of the page on metadata runs, and the page names every field."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mlflow_latent.metadata import metadata_functions, registry

PAGE = Path(__file__).parents[2] / "docs" / "metadata.md"
POLYGON = [[1, 1, 5, 1, 5, 5, 1, 5]]
DOCUMENT = {
    "categories": [{"id": 2, "name": "car", "supercategory": "vehicle"}],
    "images": [
        {"id": number, "width": 8, "height": 8, "file_name": name}
        for number, name in enumerate(["a.jpg", "b.jpg"], start=1)
    ],
    "annotations": [
        {"image_id": 1, "category_id": 2, "bbox": [1, 1, 4, 4], "segmentation": POLYGON}
    ],
}


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that the page speaks of, and no memory of what it registers."""
    monkeypatch.chdir(tmp_path)
    metadata_functions()
    monkeypatch.setattr(registry, "_FUNCTIONS", dict(registry._FUNCTIONS))
    for folder in ("images", "labels", "annotations"):
        Path(folder).mkdir()
    for name in ("a.jpg", "b.jpg"):
        Image.new("RGB", (8, 8), (255, 255, 255)).save(Path("images") / name)
    Path("labels/a.txt").write_text("1 0.5 0.5 0.5 0.5")
    Path("annotations/instances_val2017.json").write_text(json.dumps(DOCUMENT))


@pytest.mark.usefixtures("data")
def test_the_code_runs() -> None:
    names: dict[str, Any] = {"document": DOCUMENT}
    values = []
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL):
        exec(compile(block, str(PAGE), "exec"), names)  # noqa: S102 - our own documentation
        expressions = re.findall(r"^\w+\(.*\)\[\".*\"\]$", block, re.MULTILINE)
        values += [eval(expression, names) for expression in expressions]  # noqa: S307 - as above
    assert values == pytest.approx([1, 0.714286, 50, 1, 25, 1])


def test_the_page_names_every_field() -> None:
    page = PAGE.read_text()
    named = set(re.findall(r"`([^`\n]+)`", page))
    ours = [
        one for one in metadata_functions() if one.function.__module__.startswith("mlflow_latent.")
    ]
    for function in ours:
        for field in function.fields:
            box, _, summary = field.rpartition("_")
            in_parts = {f"{box}_…", summary} <= named if field.startswith("bbox_") else False
            assert field in named or in_parts, field
