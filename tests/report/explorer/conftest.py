"""Small reports around any table of samples, and a built page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from mlflow_latent.report.explorer.page import DATA_PLACE, META_PLACE, TITLE, BuiltPage
from mlflow_latent.report.model import Insight, Report, SplitSummary

if TYPE_CHECKING:
    from collections.abc import Callable


def table_of(size: int, **columns: Any) -> pd.DataFrame:
    """Samples `s0`, `s1`, … of val; other columns as given."""
    ids = [f"s{number}" for number in range(size)]
    return pd.DataFrame({"sample_id": ids, "split": ["val"] * size, **columns})


def around(table: pd.DataFrame, **changes: Any) -> Report:
    """A report of which only the table of samples matters."""
    content: dict[str, Any] = {
        "task": "classification",
        "confidence": 0.95,
        "error_budget": 0.05,
        "parameters": {"projection": "umap"},
        "splits": (SplitSummary(split="val", n=len(table), n_labelled=0),),
        "insights": (),
        "not_applicable": (),
        "regions": (),
        "curves": (),
    }
    return Report(**(content | changes)).with_samples(table)


def finding(samples: list[tuple[str, str]], **changes: Any) -> Insight:
    """An insight of which only the samples matter."""
    content: dict[str, Any] = {
        "kind": "low_performance",
        "title": "worse than the rest",
        "description": "",
        "action": "",
        "samples": tuple(samples),
        "effect": 2.0,
        "effect_name": "ratio",
        "interval": (1.5, None),
        "p_value": 0.001,
        "q_value": 0.01,
        "severity": 0.5,
        "counts": {"val": len(samples)},
        "base_rates": {},
    }
    return Insight(**(content | changes))


@pytest.fixture
def make_report() -> Callable[..., Report]:
    return around


@pytest.fixture
def make_table() -> Callable[..., pd.DataFrame]:
    return table_of


@pytest.fixture
def make_finding() -> Callable[..., Insight]:
    return finding


@pytest.fixture
def page() -> BuiltPage:
    """A page as it comes from the build, but small."""
    template = (
        f"<!doctype html><html><head>{META_PLACE}{TITLE}"
        '<link rel="stylesheet" href="app.css" /></head><body><div id="app"></div>'
        f'{DATA_PLACE}<script src="app.js" defer></script></body></html>'
    )
    return BuiltPage(template, "p{}", 'window.ran = "</script><!-- x";')


@pytest.fixture
def noise() -> np.random.Generator:
    return np.random.default_rng(0)
