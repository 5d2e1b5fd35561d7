"""Lightning under its two names: `pytorch_lightning` and `lightning`."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytorch_lightning import Callback

    CallbackBase = Callback

FRAMEWORKS = ("pytorch_lightning", "lightning.pytorch")


def frameworks_in_use() -> list[Any]:
    """Return the packages a script has imported; the first one installed if it has none yet.

    Raises:
        ModuleNotFoundError: neither is installed.
    """
    imported = [sys.modules[name] for name in FRAMEWORKS if name in sys.modules]
    if imported:
        return imported
    for name in FRAMEWORKS:
        if find_spec(name.partition(".")[0]) is not None:
            return [import_module(name)]
    raise ModuleNotFoundError(
        "neither pytorch_lightning nor lightning is installed; "
        "pip install 'mlflow-latent[lightning]'"
    )


if not TYPE_CHECKING:
    # Both Trainers take any object with a callback's methods in a list of callbacks, but a lone
    # callback only if it is an instance of their own class: be one of each that is in use.
    CallbackBase = type("CallbackBase", tuple(f.Callback for f in frameworks_in_use()), {})


def is_mlflow_logger(logger: object) -> bool:
    """Whether a logger is Lightning's `MLFlowLogger`, of either package, or inherits from it."""
    return any(base.__name__ == "MLFlowLogger" for base in type(logger).__mro__)
