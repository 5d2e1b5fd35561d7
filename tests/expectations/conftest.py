from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from expecting import make_frame, make_report

from mlflow_latent.expectations import Population

if TYPE_CHECKING:
    import pandas as pd


@pytest.fixture(scope="session")
def frame() -> pd.DataFrame:
    return make_frame()


@pytest.fixture(scope="session")
def population(frame: pd.DataFrame) -> Population:
    return Population(make_report(frame))
