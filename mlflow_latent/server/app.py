"""The `mlflow.app` factory. It never raises: uvicorn would restart its workers for ever."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from mlflow_latent.errors import LatentError
from mlflow_latent.server.base import load_base_app
from mlflow_latent.server.explaining import explain_everything, explain_ours
from mlflow_latent.server.mounting import mount
from mlflow_latent.server.settings import Settings
from mlflow_latent.server.sidebar import add_sidebar

if TYPE_CHECKING:
    from collections.abc import Callable

_logger = logging.getLogger(__name__)


def create_app() -> Any:
    """Return MLflow's application with the explorer's pages under `latent/`.

    Where the application that `MLFLOW_LATENT_BASE_APP` names cannot start, every address answers
    with a page that says so: MLflow is never served without the guard that was asked for.
    Where only our pages cannot, MLflow is served, and they say so.
    """
    settings = Settings.from_environment()
    try:
        base = load_base_app(settings)
    except Exception as error:
        _logger.exception("MLflow's application cannot start")
        return explain_everything(settings, _reason(error))
    try:
        mount(base, settings)
    except Exception as error:
        _logger.exception("the explorer's pages cannot be added to MLflow")
        return explain_ours(base, settings, _reason(error))
    if settings.sidebar:
        _quietly(add_sidebar, settings)
    return base


def _reason(error: Exception) -> str:
    """What of ours says is meant to be read; what of others says is for the log."""
    return str(error) if isinstance(error, LatentError) else f"{type(error).__name__}, see its log"


def _quietly(function: Callable[[Settings], None], settings: Settings) -> None:
    try:
        function(settings)
    except Exception:
        _logger.exception("MLflow's pages get no links to the explorer; it works without them")
