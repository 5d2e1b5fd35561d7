"""Who may spend how much: nothing is lost where it cannot be used, nothing is spent twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from worlds import make_world

from mlflow_latent.insights import Context, InsightOptions, NotApplicableError
from mlflow_latent.insights.budget import InsightWarning, ask
from mlflow_latent.insights.registry import InsightKind
from mlflow_latent.measures import MeasureOptions, Measures
from mlflow_latent.report.model import Insight

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow_latent.insights.registry import Find

BUDGET = InsightOptions().error_budget


@pytest.fixture(scope="module")
def context() -> Context:
    measures = Measures(make_world(0, train=100, val=50).snapshot(), MeasureOptions())
    return Context(measures, InsightOptions(), "val", "train", alpha=BUDGET)


def kind(name: str, find: Find, shares: float = 1.0) -> InsightKind:
    return InsightKind(name, {"": find}, shares > 0, {"": shares})


def finder(
    name: str, p_value: float, parts: list[float], *, counts: bool = True
) -> Callable[[Context], Iterator[Insight]]:
    """A finder of one test, that notes with which parts of the budget it was asked."""

    def find(context: Context) -> Iterator[Insight]:
        parts.append(context.alpha)
        q = context.q_values(name, np.array([p_value]))[0] if counts else p_value
        if q <= context.alpha:
            yield Insight.model_construct(kind=name, p_value=p_value)

    return find


def not_applicable(_: Context) -> Iterator[Insight]:
    raise NotApplicableError("nothing to see")


def test_what_is_not_applicable_leaves_its_shares_to_the_others(context: Context) -> None:
    parts: list[float] = []
    one = kind("one", finder("one", 0.04, parts))
    (_, (answer,)), (_, (other,)) = ask([one, kind("other", not_applicable)], context)
    assert parts == pytest.approx([BUDGET / 2, BUDGET])
    assert [insight.kind for insight in answer.found] == ["one"]
    assert other.reason == "nothing to see"


def test_who_has_found_something_leaves_its_shares_to_the_others(context: Context) -> None:
    first: list[float] = []
    second: list[float] = []
    third: list[float] = []
    answers = ask(
        [
            kind("first", finder("first", 0.001, first), shares=3),
            kind("second", finder("second", 0.02, second)),
            kind("third", finder("third", 0.0251, third)),
        ],
        context,
    )
    assert first == pytest.approx([BUDGET * 3 / 5])
    assert second == pytest.approx([BUDGET / 5, BUDGET / 2])
    assert third == pytest.approx([BUDGET / 5, BUDGET])  # at a half it could not have spoken
    assert [len(found.found) for _, (found,) in answers] == [1, 1, 1]
    assert [found.tests[one.name] for one, (found,) in answers] == [1, 1, 1]  # not counted again


def test_a_finder_that_would_be_silent_again_is_not_asked(context: Context) -> None:
    silent: list[float] = []
    secretive: list[float] = []
    ask(
        [
            kind("found", finder("found", 0.0, [])),
            kind("silent", finder("silent", 0.9, silent)),
            kind("secretive", finder("secretive", 0.9, secretive, counts=False)),
        ],
        context,
    )
    assert len(silent) == 1
    assert len(secretive) == 2


def test_what_tests_nothing_spends_nothing(context: Context) -> None:
    parts: list[float] = []
    ask([kind("fact", finder("fact", 0.5, parts), shares=0), kind("no", not_applicable)], context)
    assert parts == [0.0]


def test_a_defect_of_one_finder_costs_no_other(context: Context) -> None:
    def broken(_: Context) -> Iterator[Insight]:
        raise KeyError("column")

    with pytest.warns(InsightWarning, match="which is a defect: KeyError: 'column'"):
        (_, (answer,)), (_, (other,)) = ask(
            [kind("broken", broken), kind("other", finder("other", 0.0, []))], context
        )
    assert answer.reason == "it failed, which is a defect: KeyError: 'column'"
    assert len(other.found) == 1


def test_where_nothing_is_planted_the_budget_holds(context: Context) -> None:
    rng = np.random.default_rng(0)
    wrong = 0
    for _ in range(600):
        kinds = [
            kind(str(n), finder(str(n), p, []), shares)
            for n, (p, shares) in enumerate(zip(rng.random(4), (3, 1, 1, 1), strict=True))
        ]
        answers = ask([*kinds, kind("none", not_applicable)], context)
        wrong += any(answer.found for _, (answer,) in answers)
    assert 0.025 < wrong / 600 < 0.075
