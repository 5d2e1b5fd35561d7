"""The command `mlflow-latent`. Each subcommand is a module, loaded when it is called."""

from __future__ import annotations

from mlflow_latent.cli.main import main

__all__ = ["main"]
