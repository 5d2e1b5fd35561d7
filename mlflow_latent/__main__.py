"""`python -m mlflow_latent` is `mlflow-latent`."""

from __future__ import annotations

from mlflow_latent.cli import main

main(prog_name="mlflow-latent")
