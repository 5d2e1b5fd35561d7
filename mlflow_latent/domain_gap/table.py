"""The table of samples beside a gap: what each of them is, and where it belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlflow_latent.measures import MeasureOptions
from mlflow_latent.measures.domain.reach import MIN_REFERENCE
from mlflow_latent.measures.domain.sampling import draw_both
from mlflow_latent.measures.layouts import neighbors_for
from mlflow_latent.measures.neighbors import find_neighbors
from mlflow_latent.measures.projection import fit_projection, project
from mlflow_latent.schema import PREDICTION, SPLIT, TARGET

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.domain_gap.options import GapOptions
    from mlflow_latent.domain_gap.origins import Both
    from mlflow_latent.measures.domain import DomainPair

ORIGIN, BELONGING, REACH, REGION = "origin", "belonging_source", "reach", "region"
LAID_OUT_ROWS = 3_000  # of each origin that a projection other than PCA is fitted on
NAMES = {TARGET: "class", PREDICTION: "predicted_class"}


def make_table(both: Both, options: GapOptions) -> pd.DataFrame:
    """Return a row per sample, those of the source first.

    `origin` (`source` or `target`), `split`, `sample_id`, what was captured of it, and where it
    could be measured `belonging_source`, `reach`, `region`, `projection_x`, `projection_y`.
    """
    parts = [
        both.snapshot.frame.iloc[both.rows(number)].assign(
            **{ORIGIN: origin, SPLIT: both.origins[number].split}
        )
        for number, origin in enumerate(("source", "target"))
    ]
    table = pd.concat(parts, ignore_index=True)
    table.insert(0, ORIGIN, table.pop(ORIGIN))
    for column, name in NAMES.items():
        if column in table:
            codes = table[column]
            names = {c: both.snapshot.class_name(int(c)) for c in codes.dropna().unique()}
            table[name] = codes.map(names).astype("string")
    return table.assign(**_measured(both.pair), **_projected(both.pair, options))


def _measured(pair: DomainPair) -> dict[str, NDArray[np.generic]]:
    sizes = len(pair.source), len(pair.target)
    reach = [np.full(size, np.nan, dtype=np.float32) for size in sizes]
    if sizes[1] >= MIN_REFERENCE:
        reach[0] = pair.reached_by_target
    if sizes[0] >= MIN_REFERENCE:
        reach[1] = pair.reached_by_source
    columns: dict[str, NDArray[np.generic]] = {REACH: np.concatenate(reach)}
    if pair.testable:
        labels = pair.regions.labels_source, pair.regions.labels_target
        columns[BELONGING] = np.concatenate(pair.belonging)
        columns[REGION] = np.concatenate(labels).astype(np.int32)
    return columns


def _projected(pair: DomainPair, options: GapOptions) -> dict[str, NDArray[np.float32]]:
    if options.projection == "none":
        return {}
    reduced = np.concatenate([pair.source, pair.target])
    points: NDArray[np.float32]
    if options.projection == "pca" and reduced.shape[1] > 1:
        drawn = reduced[:, :2]
        points = np.asarray(drawn / max(float(np.abs(drawn).max()), 1e-9), dtype=np.float32)
    else:
        points = _laid_out(reduced, len(pair.source), options)
    return {"projection_x": points[:, 0].copy(), "projection_y": points[:, 1].copy()}


def _laid_out(
    reduced: NDArray[np.float32], n_source: int, options: GapOptions
) -> NDArray[np.float32]:
    """Lay out as many of one origin as of the other, and place the rest among them."""
    sizes = n_source, len(reduced) - n_source
    rows = draw_both(*sizes, LAID_OUT_ROWS, options.random_state)
    landmarks = np.concatenate([rows[0], rows[1] + n_source])
    method = MeasureOptions(projection=options.projection, random_state=options.random_state)
    points = np.ascontiguousarray(reduced[landmarks])
    k = neighbors_for(options.projection, method.n_neighbors)
    neighbors = find_neighbors(points, k, random_state=options.random_state)
    fitted = fit_projection(points, neighbors, np.arange(len(points)), method)
    return project(fitted, reduced, landmarks)
