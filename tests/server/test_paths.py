"""Which artifact paths are taken, whatever is asked for."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import quote, unquote

import pytest
from hypothesis import example, given, strategies as st

from mlflow_latent.errors import InputError
from mlflow_latent.server.paths import OVERVIEW, checked_path, is_run_id

PIECES = st.sampled_from(
    ["latent", "..", ".", "", "%2e", "%", "a", "\\", "\0", "é", "=", "/", "%5c"]
)


@given(st.lists(PIECES, max_size=8).map("/".join), st.integers(0, 4))
@example("latent/../secret", 3)
def test_what_is_taken_lies_below_our_folder_however_it_is_decoded(path: str, times: int) -> None:
    for _ in range(times):
        path = quote(path, safe="/")
    try:
        taken = checked_path(path)
    except InputError:
        return
    decoded = taken
    while True:
        parts = PurePosixPath(decoded).parts
        assert parts[0] == "latent"
        assert ".." not in parts
        assert "\\" not in decoded
        assert "\0" not in decoded
        if decoded == unquote(decoded):
            break
        decoded = unquote(decoded)


@pytest.mark.parametrize(
    "path",
    [
        OVERVIEW,
        "latent/insights.json",
        "latent/analysis/epoch=00014/figures/curve_centroid_distance.png",
        "latent/media/split=my%20own/sprite-000.webp",
        "latent/heatmaps/ünï ✓.png",
        "latent/analysis/100%.json",
    ],
)
def test_what_we_log_is_taken(path: str) -> None:
    assert checked_path(path) == path


@pytest.mark.parametrize("text", ["0" * 32, "a-b_C9", "x" * 64])
def test_ids_of_runs(text: str) -> None:
    assert is_run_id(text)


@pytest.mark.parametrize("text", ["", "a b", "a/b", "..", "a\n", "x" * 65, "é"])
def test_what_no_run_is_called(text: str) -> None:
    assert not is_run_id(text)
