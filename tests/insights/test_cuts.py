"""Which cells are told from the rest, and how much the choice among them costs."""

from __future__ import annotations

import numpy as np
import pytest

from mlflow_latent.fields import Field
from mlflow_latent.insights.cells import Cells, Least, make_cells
from mlflow_latent.insights.cuts import Cutter

SIZE = 2000


def cutter_of(field: Field, scores: np.ndarray, bins: int = 40) -> tuple[Cutter, Cells]:
    everyone = np.ones(SIZE, dtype=bool)
    cells = make_cells(field, everyone, bins, Least(10, 10))
    return Cutter(cells, cells.place, scores, 10), cells


def rule_of(column: np.ndarray, scores: np.ndarray, names: tuple[str, ...] = ()) -> str:
    cutter, cells = cutter_of(Field("x", column, names), scores)
    cut = cutter.cut(0.95)
    assert cut is not None
    return cells.rule(cut.chosen)


def test_a_rule_says_what_is_worse() -> None:
    rng = np.random.default_rng(0)
    noise, grid = rng.normal(size=SIZE), rng.integers(0, 1000, SIZE) / 10.0
    letters = rng.integers(0, 4, SIZE)
    names = tuple("abcd")
    upper = rule_of(grid, noise + 5 * (grid >= 50)).removeprefix("x is ").removesuffix(" or more")
    assert float(upper) == pytest.approx(50, abs=2.5)
    assert " or " in rule_of(grid, noise + 5 * (np.abs(grid - 50) > 30)).removesuffix(" or more")
    assert rule_of(letters * 1.0, noise + 5 * (letters == 2)) == "x is 2"
    assert rule_of(letters * 1.0, noise + 5 * np.isin(letters, [1, 2])) == "x is from 1 to 2"
    assert rule_of(letters * 1.0, noise + 5 * (letters != 2), names) == "x is 'a' or 'b' or 'd'"
    lost = np.where(letters == 0, np.nan, grid)
    assert rule_of(lost, noise + 5 * (letters == 0)) == "x is missing"
    assert rule_of(lost, noise - 5 * (letters == 0)) == "x is not missing"


@pytest.mark.parametrize("kind", ["number", "few values", "categories"])
def test_an_interval_holds_although_the_worst_of_many_sets_was_chosen(kind: str) -> None:
    rng = np.random.default_rng(1)
    missed = 0
    for _ in range(300):
        column, names = rng.normal(size=SIZE), ()
        if kind != "number":
            column = rng.integers(0, 8, SIZE) * 1.0
        if kind == "categories":
            names = tuple("abcdefgh")
        scores = rng.normal(size=SIZE)
        cutter, cells = cutter_of(Field("x", column, names), scores)
        cut = cutter.cut(0.95)
        inside = cut.chosen[cells.place]
        error = scores.std() * np.sqrt(1 / inside.sum() + 1 / (~inside).sum())
        missed += scores[inside].mean() - scores[~inside].mean() > cut.reach * error
        assert 1.96 < cut.reach < 4.5
    assert missed <= 22  # 5 % of 300, and two standard errors


def test_two_cells_leave_no_choice() -> None:
    rng = np.random.default_rng(2)
    cutter, _ = cutter_of(Field("x", rng.integers(0, 2, SIZE) * 1.0), rng.normal(size=SIZE))
    assert cutter.cut(0.95).reach == pytest.approx(1.96, abs=0.08)


def test_ranges_with_few_samples_are_joined_and_none_is_left_out() -> None:
    counts = np.repeat([0.0, 1.0, 2.0, 3.0, 4.0], [900, 600, 485, 8, 7])
    cells = make_cells(Field("x", counts), np.ones(SIZE, dtype=bool), 10, Least(10, 10))
    assert np.bincount(cells.place).tolist() == [900, 600, 485, 15]
    assert cells.phrases(np.array([False, True, False, True])) == ["1", "3 or more"]
    assert cells.filter(np.array([False, True, False, True])) == "(x >= 1 and x < 2) or (x >= 3)"


def test_of_few_samples_of_a_number_a_range_is_taken_all_the_same() -> None:
    column = np.arange(60.0)
    scores = np.random.default_rng(3).normal(size=60) + 3 * np.isin(column // 10, [1, 4])
    cells = make_cells(Field("x", column), np.ones(60, dtype=bool), 40, Least(10, 10))
    cut = Cutter(cells, cells.place, scores, 10).cut(0.95)
    assert len(cells.phrases(cut.chosen)) == 1
