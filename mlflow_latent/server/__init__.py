"""`mlflow server --app-name latent`: MLflow, and the explorer's pages under `/latent/`.

The thinnest server that can be: it serves the built page and passes a run's files through. What a
caller may see is what MLflow, asked with the caller's own headers, lets them see.
"""

from __future__ import annotations
