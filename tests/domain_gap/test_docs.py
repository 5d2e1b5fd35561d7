"""The code in docs/domain-gap.md about gaps and trends runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import mlflow_latent as ml

ROOT = Path(__file__).parents[2]


def test_docs(make_sets: Callable[..., ml.Snapshot]) -> None:
    text = (ROOT / "docs" / "domain-gap.md").read_text()
    blocks = [
        block
        for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL)
        if "ml.gap(run" in block or "ml.gap_trend(" in block
    ]
    assert len(blocks) >= 2
    sets = make_sets(
        val=(120, 0.0), synthetic_a=(90, 0.2), synthetic_b=(90, 0.8), unlabeled=(60, 1.0)
    )
    names: dict[str, Any] = {"run": sets}
    for block in blocks:
        exec(compile(block, "domain-gap.md", "exec"), names)  # noqa: S102 - our own documentation
    assert names["gap"].verdict == "gap"
    assert 0 < len(names["keep"]) <= 90
