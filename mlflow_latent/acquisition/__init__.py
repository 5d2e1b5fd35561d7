"""What to label next: samples that the labelled ones do not cover, or on which the model fails."""

from __future__ import annotations

from mlflow_latent.acquisition.picking import list_next

__all__ = ["list_next"]
