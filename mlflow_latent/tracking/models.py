"""Models that MLflow has logged."""

from __future__ import annotations

from typing import Any

from mlflow_latent.errors import TrackingError
from mlflow_latent.tracking.connection import Connection

SERVED = ("runs:", "models:", "mlflow-artifacts:")  # by the tracking server; else it is a place


def load_model(uri: str, tracking_uri: str | None = None) -> Any:
    """Load a logged PyTorch model.

    Args:
        uri: `runs:/<run>/<name>`, `models:/<name>/<version>` or another that MLflow takes.
        tracking_uri: where it lives; default as MLflow is configured.

    Raises:
        TrackingError: it cannot be loaded; says which package is missing, if one is.
    """
    import mlflow
    import mlflow.pytorch

    before = mlflow.get_tracking_uri()
    try:
        if uri.startswith(SERVED):
            connection = Connection(tracking_uri)
            connection.require_reachable()
            mlflow.set_tracking_uri(connection.uri)
        return mlflow.pytorch.load_model(uri, map_location="cpu")
    except ModuleNotFoundError as error:
        raise TrackingError(
            f"model {uri!r} needs the module {error.name!r}, which is not here: install its "
            "package, or run where the training's own code can be imported"
        ) from error
    except TrackingError:
        raise
    except Exception as error:
        raise TrackingError(
            f"model {uri!r} cannot be loaded: {type(error).__name__}: {error}"
        ) from error
    finally:
        mlflow.set_tracking_uri(before)
