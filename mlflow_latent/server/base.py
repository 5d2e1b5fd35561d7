"""The application that ours is put into: MLflow's, or one that guards it."""

from __future__ import annotations

import inspect
import os
import tempfile
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_latent.errors import InputError, did_you_mean
from mlflow_latent.server.settings import BASE_APP_VARIABLE, NAME

if TYPE_CHECKING:
    from mlflow_latent.server.settings import Settings

GROUP = "mlflow.app"


def load_base_app(settings: Settings) -> Any:
    """Return the application that the server would run without us: ASGI or WSGI.

    Raises:
        InputError: `MLFLOW_LATENT_BASE_APP` names no installed app.
    """
    if settings.base_app:
        return _load_named(settings.base_app)
    if settings.is_asgi:
        from mlflow.server.fastapi_app import app

        return app
    from mlflow.server import app as flask_app

    return flask_app


def _load_named(name: str) -> Any:
    from filelock import FileLock

    apps = {entry.name: entry for entry in entry_points(group=GROUP) if entry.name != NAME}
    if name not in apps:
        raise InputError(
            f"{BASE_APP_VARIABLE} is {name!r}, which is no installed MLflow app"
            f"{did_you_mean(name, apps)}"
        )
    loaded = apps[name].load()
    if not inspect.isfunction(loaded):
        return loaded
    # basic-auth migrates its database when it starts, and several workers start at once.
    with FileLock(_lock_file()):
        return loaded()


def _lock_file() -> Path:
    """One for the workers of one server: they have one parent."""
    user = os.getuid() if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir()) / f"mlflow-latent-{user}-{os.getppid()}.lock"
