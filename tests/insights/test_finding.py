"""What is one finding, what is another's child, and what only speaks of the same samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from worlds import make_world

from mlflow_latent.errors import InputError
from mlflow_latent.insights import Context, InsightOptions, registry
from mlflow_latent.insights.finding import find_insights, merge, rank, relate
from mlflow_latent.insights.registry import InsightKind, register
from mlflow_latent.measures import MeasureOptions, Measures
from mlflow_latent.report.model import Insight

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = {"train": 2000, "val": 1000}


def insight(
    members: range, severity: float, *, kind: str = "weak", region: str | None = None
) -> Insight:
    return Insight(
        kind=kind,
        title=f"{kind} {members}",
        description="",
        action="",
        region=region,
        samples=tuple(("val", f"s{number}") for number in members),
        effect=2.0,
        effect_name="mean loss ÷ rest",
        interval=(1.5, 2.5),
        p_value=0.001,
        q_value=0.001,
        severity=severity,
        counts={"val": len(members)},
        base_rates={},
    )


def test_the_most_severe_leads_and_what_lies_in_it_is_its_child() -> None:
    small, large, other = (
        insight(range(30), 0.1, region="fine/1"),
        insight(range(80), 0.2, region="coarse/1"),
        insight(range(500, 550), 0.05, region="fine/2"),
    )
    merged = merge([small, other, large], SIZES)
    assert [one.region for one in merged] == ["coarse/1", "fine/2"]
    assert [child.region for child in merged[0].children] == ["fine/1"]


def test_half_of_a_small_set_in_a_slice_of_half_the_split_is_chance() -> None:
    half = insight(range(500), 0.3)
    region = insight(range(475, 525), 0.1, region="fine/1")  # half of it lies there
    assert [one.children for one in merge([half, region], SIZES)] == [(), ()]


def test_a_region_leads_a_slice_of_the_same_samples_and_not_a_wider_one() -> None:
    region = insight(range(100), 0.10, region="coarse/1")
    same, wide = insight(range(110), 0.11), insight(range(400), 0.3)

    (one,) = merge([region, same], SIZES)
    assert (one.region, one.children[0].title) == ("coarse/1", same.title)

    (one,) = merge([region, wide], SIZES)
    assert (one.title, one.children[0].region) == (wide.title, "coarse/1")


def test_children_that_a_finder_gave_are_kept() -> None:
    parent = insight(range(100), 0.2).model_copy(update={"children": (insight(range(90), 0.1),)})
    (one,) = merge([parent, insight(range(50), 0.05)], SIZES)
    assert len(one.children) == 2


def test_findings_of_other_kinds_are_named_and_not_merged() -> None:
    weak = insight(range(100), 0.2)
    rare = insight(range(20, 120), 0.1, kind="rare")
    apart = insight(range(600, 700), 0.1, kind="rare")

    related = relate([weak, rare, apart], SIZES)

    assert [(r.kind, r.title, r.shared) for r in related[0].related] == [("rare", rare.title, 80)]
    assert [r.kind for r in related[1].related] == ["weak"]
    assert related[2].related == ()


def test_insights_without_samples_overlap_with_nothing() -> None:
    empty = [insight(range(0), 0.2), insight(range(0), 0.1, kind="other")]
    assert len(merge(empty, SIZES)) == 2
    assert all(one.related == () for one in relate(empty, SIZES))


def test_the_order_is_always_the_same() -> None:
    several = [insight(range(n, n + 10), 0.1, region=f"fine/{n}") for n in range(5)]
    assert rank(several) == rank(reversed(several))


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> dict[str, InsightKind]:
    registry.insight_kinds()  # those of the package register once per process, not in here
    known: dict[str, InsightKind] = {}
    monkeypatch.setattr(registry, "_KINDS", known)
    return known


def test_a_kind_may_be_found_in_several_ways(kinds: dict[str, InsightKind]) -> None:
    @register("weak", finder="slices")
    def by_slices(_: object) -> list[Insight]:
        return []

    @register("weak")
    def by_regions(_: object) -> list[Insight]:
        return []

    assert list(kinds["weak"].finders.values()) == [by_regions, by_slices]


@pytest.mark.usefixtures("kinds")
def test_finders_that_test_share_the_budget_as_they_ask() -> None:
    asked = {}

    def finder(name: str) -> Callable[[Context], list[Insight]]:
        def find(context: Context) -> list[Insight]:
            asked[name] = context.alpha
            return []

        return find

    register("weak", shares=4)(finder("weak"))
    register("weak", finder="slices")(finder("slices"))
    register("fact", tests=False)(finder("fact"))
    measures = Measures(make_world(0, train=100, val=50).snapshot(), MeasureOptions())

    find_insights(measures, InsightOptions(), tested="val", reference="train")

    assert asked == pytest.approx({"weak": 0.04, "slices": 0.01, "fact": 0.0})
    with pytest.raises(InputError, match="shares of insight kind 'weak' must be positive, got 0"):
        register("weak", shares=0)


def test_two_modules_cannot_be_the_same_finder(kinds: dict[str, InsightKind]) -> None:
    def find(_: object) -> list[Insight]:
        return []

    def other(_: object) -> list[Insight]:
        return []

    other.__module__ = "elsewhere"
    register("weak")(find)
    register("weak")(find)  # a module that is imported twice
    with pytest.raises(InputError, match=r"'weak' is registered by .* and again by 'elsewhere'"):
        register("weak")(other)
    with pytest.raises(InputError, match="tests=True before"):
        register("weak", tests=False, finder="more")(other)
    assert list(kinds) == ["weak"]
