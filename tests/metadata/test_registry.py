"""One new file is a new metadata function, and nothing else changes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mlflow_latent.metadata.functions
from mlflow_latent.errors import InputError
from mlflow_latent.metadata import Quantity, metadata_functions, register, registry
from mlflow_latent.metadata.registry import as_value

FOLDER = Path(mlflow_latent.metadata.functions.__file__).parent
NEW = '''
"""Share of pixels that are clipped to white."""

from mlflow_latent.metadata.registry import Quantity, register


@register("image", {"overexposed": Quantity("share", 0, 1)})
def overexposed(image):
    """Return the share of the pixels whose luma is white."""
    return (image.luma > 0.99).mean()
'''
SCRIPT = """
import sys
import mlflow_latent.metadata.functions
mlflow_latent.metadata.functions.__path__.append(sys.argv[1])
import numpy as np
from mlflow_latent.metadata import batch_metadata, image_statistics
image = np.array([[0, 255], [255, 255]], np.uint8)
print(image_statistics(image)["overexposed"])
print(batch_metadata()([image[None, None]])["overexposed"])
"""


def test_one_new_file_is_a_new_function(tmp_path: Path) -> None:
    (tmp_path / "overexposed.py").write_text(NEW)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["0.75", "[0.75]"]


def test_another_package_can_bring_a_function(tmp_path: Path) -> None:
    (tmp_path / "clipped.py").write_text(NEW)
    installed = tmp_path / "clipped-1.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Name: clipped\nVersion: 1\n")
    (installed / "entry_points.txt").write_text("[mlflow_latent.metadata]\nclipped = clipped\n")
    script = SCRIPT.replace(
        ".metadata.functions.__path__.append", ".metadata.functions.__doc__.find"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "nothing"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert done.stdout.splitlines() == ["0.75", "[0.75]"]


def test_every_module_registers_and_is_documented() -> None:
    functions = metadata_functions()
    modules = {Path(function.function.__code__.co_filename).stem for function in functions}
    assert modules >= {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    for function in functions:
        assert function.function.__doc__
        assert all(quantity.unit for quantity in function.fields.values())


def test_the_fields_that_the_design_names() -> None:
    fields = {name for function in metadata_functions() for name in function.fields}
    means = ("hue", "saturation", "value", "red", "green", "blue")
    summaries = ("mean", "median", "min", "max", "var")
    assert fields >= {
        *("brightness", "contrast", "sharpness", "noise", "color_temperature", "is_colored"),
        *("width", "height", "aspect_ratio", "lab_a_mean", "lab_b_mean"),
        *(f"{name}_{summary}" for name in means for summary in ("mean", "std")),
        *("n_objects", "n_classes", "count_<class>", "truncation"),
        *("occlusion_mean", "occlusion_max"),
        *(f"bbox_{m}_{s}" for m in ("area", "aspect_ratio", "x", "y") for s in summaries),
        *("percent_<class>", "instances_<class>", "size_<class>", "background_percent"),
        *(f"supercategory_{m}_<supercategory>" for m in ("percent", "instances", "size")),
    }


@pytest.fixture
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is forgotten after it."""
    metadata_functions()
    monkeypatch.setattr(registry, "_FUNCTIONS", dict(registry._FUNCTIONS))


@pytest.mark.usefixtures("forgotten")
def test_two_functions_cannot_have_one_name_or_field() -> None:
    with pytest.raises(InputError, match=r"'brightness\(\)' is registered by .*brightness"):

        @register("image", {"other": Quantity("x")})
        def brightness(_image: object) -> float:
            return 0.0

    with pytest.raises(InputError, match="'noise' is registered"):

        @register("image", {"noise": Quantity("x")})
        def loudness(_image: object) -> float:
            return 0.0


@pytest.mark.usefixtures("forgotten")
def test_a_function_may_be_registered_again_from_where_it_was() -> None:
    for value in (1.0, 2.0):  # as when a notebook's cell is run again

        @register("image", {"mine": Quantity("x")})
        def mine(_image: object, value: float = value) -> float:
            return value

    (found,) = [function for function in metadata_functions("image") if function.name == "mine"]
    assert found(None) == {"mine": 2.0}


def test_values() -> None:
    assert as_value(np.float32(0.5)) == 0.5
    assert as_value(np.bool_(True)) is True
    assert isinstance(as_value(np.int64(3)), int)
    for missing in (None, float("nan"), np.float64("inf"), -np.inf):
        assert as_value(missing) is None
    with pytest.raises(InputError, match="got list"):
        as_value([1])
