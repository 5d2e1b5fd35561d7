"""A projection of another layer or epoch, laid over the one that is already drawn.

Cheaper than a projection of its own: fewer landmarks, and where it starts from the drawn layout,
they have only to move.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.measures.landmarks import choose_landmarks
from mlflow_latent.measures.layouts import LAYOUTS, neighbors_for
from mlflow_latent.measures.neighbors import find_neighbors
from mlflow_latent.measures.projection import (
    LandmarkProjection,
    Projection,
    fit_projection,
    needs_layout,
    project,
)
from mlflow_latent.measures.reduction import fit_reduction

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.measures.options import MeasureOptions

COMPANION_LANDMARKS = 4_000  # a third of the main projection's: this is for looking beside it
MIN_SHARED = 3  # places that fix a rotation and a scale


def project_beside(
    embedding: NDArray[np.float32],
    split_codes: NDArray[np.intp],
    drawn: NDArray[np.float32],
    options: MeasureOptions,
    *,
    start_there: bool,
) -> NDArray[np.float32]:
    """Project samples of which others have been drawn already.

    Args:
        embedding: (N, D) float32 of another layer or epoch.
        split_codes: (N,) number of the split of each row, from 0.
        drawn: (N, 2) where the same samples are in the projection to compare with; NaN where they
            are not.
        options: method, seed, number of neighbors and components.
        start_there: whether to begin at `drawn`: the same layer of another epoch moves a little.

    Returns:
        (N, 2) float32 within −1 … 1, rotated, mirrored and scaled to lie over `drawn`.
    """
    options = replace(options, n_landmarks=min(options.n_landmarks, COMPANION_LANDMARKS))
    seed = options.random_state
    reduced = fit_reduction(embedding, split_codes, options.n_components, seed).apply(embedding)
    landmarks = choose_landmarks(split_codes, options.n_landmarks, seed)
    fitted = _fit(reduced, landmarks, drawn if start_there else None, options)
    return align(project(fitted, reduced, landmarks), drawn)


def _fit(
    reduced: NDArray[np.float32],
    landmarks: NDArray[np.intp],
    drawn: NDArray[np.float32] | None,
    options: MeasureOptions,
) -> Projection:
    points = np.ascontiguousarray(reduced[landmarks])
    k = neighbors_for(options.projection, options.n_neighbors)
    neighbors = find_neighbors(points, k, random_state=options.random_state)
    if drawn is None or not _can_start(drawn[landmarks]) or not needs_layout(reduced, options):
        return fit_projection(points, neighbors, np.arange(len(points)), options)
    lay_out = LAYOUTS[options.projection]
    layout = lay_out(points, neighbors, options.random_state, drawn[landmarks])
    return LandmarkProjection(points, layout)


def _can_start(places: NDArray[np.float32]) -> bool:
    """Whether all places are known and neither axis holds one value: layouts scale them."""
    return bool(np.isfinite(places).all() and (np.ptp(places, axis=0) > 0).all())


def align(points: NDArray[np.float32], onto: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rotate, mirror, scale and move points so that they lie over others as well as may be.

    Args:
        points: (N, 2) finite.
        onto: (N, 2), NaN where unknown.

    Returns:
        (N, 2) float32 within −1 … 1: shrunk to fit where need be. Source: Procrustes; Gower 1975.
    """
    from scipy.linalg import orthogonal_procrustes

    if not len(points):
        return points
    shared = np.isfinite(onto).all(axis=1)
    middle = points.mean(axis=0) if not shared.any() else points[shared].mean(axis=0)
    moved = (points - middle).astype(np.float64)
    if shared.sum() >= MIN_SHARED and np.ptp(moved[shared]) > 0:
        goal = onto[shared].astype(np.float64)
        rotation, stretch = orthogonal_procrustes(moved[shared], goal - goal.mean(axis=0))
        moved = moved @ rotation * (stretch / np.square(moved[shared]).sum()) + goal.mean(axis=0)
    width = max(1.0, float(np.abs(moved).max(initial=0)))
    return np.asarray(moved / width, dtype=np.float32)
