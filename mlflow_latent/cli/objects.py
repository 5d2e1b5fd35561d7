"""What a command line names: Python objects as `module:name`, and models."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from mlflow_latent.errors import InputError, did_you_mean


def named_object(name: str, argument: str) -> Any:
    """Return the object that `module:name` names; modules of the working directory too.

    Raises:
        InputError: there is no such module, or it has no such name.
    """
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise InputError(f"{argument} takes module:name, got {name!r}")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = import_module(module_name)
    except ModuleNotFoundError as error:
        raise InputError(f"{argument}={name!r}: there is no module {error.name!r} here") from None
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise InputError(
                f"{argument}={name!r}: {module_name} has no {part!r}"
                f"{did_you_mean(part, [n for n in dir(found) if not n.startswith('_')])}"
            )
        found = getattr(found, part)
    return found


def named_model(name: str, checkpoint: Path | None) -> Any:
    """Return the model that a command line names.

    Args:
        name: where MLflow has one (`runs:/…`, `models:/…`), which is returned as it is; a file of
            an Ultralytics model; `module:function` that returns a model; or, with a checkpoint,
            `module:Class` of a LightningModule.
        checkpoint: of Lightning.

    Raises:
        InputError: it is none of these.
    """
    if ":/" in name and checkpoint is None:
        return name
    if name.endswith(".pt"):
        return _yolo(name)
    found = named_object(name, "--model")
    if checkpoint is None:
        return found() if callable(found) else found
    if not hasattr(found, "load_from_checkpoint"):
        raise InputError(
            f"--checkpoint needs --model=module:Class of a LightningModule, got {name!r}"
        )
    if not checkpoint.is_file():
        raise InputError(f"there is no checkpoint {str(checkpoint)!r}")
    return found.load_from_checkpoint(checkpoint, map_location="cpu")


def _yolo(path: str) -> Any:
    if not Path(path).is_file():
        raise InputError(f"there is no file {path!r}")
    try:
        from ultralytics.models import YOLO
    except ModuleNotFoundError as error:
        raise InputError(
            f"{path!r} is read by Ultralytics, which is not installed ({error}); "
            "pip install 'mlflow-latent[ultralytics]', or name a function that loads it"
        ) from None
    return YOLO(path)
