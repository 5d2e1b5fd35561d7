from __future__ import annotations

import numpy as np

from mlflow_latent.report.figures import scatter


def test_a_million_dots_are_thinned_to_what_shows() -> None:
    rng = np.random.default_rng(1)
    points = rng.normal(size=(300_000, 2)).astype(np.float32)
    codes = np.zeros(300_000, dtype=np.int64)
    codes[:10] = 1
    kept = scatter.uppermost(points, codes, cells=300)
    assert len(kept) < 90_000
    assert set(range(10)) <= set(kept.tolist())  # a rare color is never thinned away
    assert (np.diff(kept) > 0).all()


def test_dots_shrink_as_they_become_many_or_crowd() -> None:
    rng = np.random.default_rng(2)
    spread = [rng.uniform(-1, 1, (n, 2)) for n in (1, 2_000, 20_000, 122_000, 1_000_000)]
    areas = [scatter.dot_area(points.astype(np.float32)) for points in spread]
    assert areas == sorted(areas, reverse=True)
    assert areas[0] == scatter.LARGEST_DOT
    assert areas[-1] == scatter.SMALLEST_DOT
    crowded = np.repeat([[-1.0, -1.0], [1.0, 1.0]], 1_000, axis=0).astype(np.float32)
    assert scatter.dot_area(crowded) < areas[1] / 2
