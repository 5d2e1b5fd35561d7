"""Heat-maps on disk: written, read, and found by sample. Knows no torch."""

from __future__ import annotations

from mlflow_latent.heatmaps.codec import decode_heatmaps, encode_heatmaps
from mlflow_latent.heatmaps.files import (
    HEATMAPS,
    Heatmaps,
    heatmaps_file,
    heatmaps_folder,
    merged,
    read_heatmaps,
    write_heatmaps,
)

__all__ = [
    "HEATMAPS",
    "Heatmaps",
    "decode_heatmaps",
    "encode_heatmaps",
    "heatmaps_file",
    "heatmaps_folder",
    "merged",
    "read_heatmaps",
    "write_heatmaps",
]
