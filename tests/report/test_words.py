from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlflow_latent.report import words

if TYPE_CHECKING:
    from mlflow_latent.report.model import Report


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.92, "1.92"), (0.03121, "0.0312"), (12400.4, "12,400"), (-0.62, "−0.62"), (None, "unknown")],
)
def test_numbers_have_three_digits(value: float | None, text: str) -> None:
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0.72, "72 %"), (0.0405, "4 %"), (0.0412, "4.1 %"), (0.95, "95 %")]
)
def test_shares_are_percent(share: float, text: str) -> None:
    assert words.percent(share) == text


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        ((4.1, 9.3), "4.1 to 9.3"),
        ((4.1, None), "4.1 or more"),
        ((None, 9.3), "9.3 or less"),
        ((None, None), "not bounded"),
    ],
)
def test_a_bound_that_is_not_there_is_said(interval: tuple, text: str) -> None:
    assert words.bounds(interval) == text


def test_an_effect_carries_its_interval_and_its_unit(digits: Report) -> None:
    insight = digits.insights[0].model_copy(
        update={"effect": 6.2, "interval": (4.1, 9.3), "effect_name": "mean loss ÷ rest"}
    )
    assert words.effect(insight, 0.95) == "mean loss ÷ rest: 6.2 × (95 % interval 4.1 to 9.3)"
    assert words.short_effect(insight, 0.95) == "low performance 6.2 × (95 %: 4.1 to 9.3)"


def test_a_log_ratio_is_no_factor(digits: Report) -> None:
    insight = digits.insights[0].model_copy(update={"effect_name": "log_odds_ratio"})
    assert "×" not in words.effect(insight, 0.95)


def test_a_separating_field_says_which_way_and_how_much(digits: Report) -> None:
    number, category = (words.separation(field, 0.95) for field in digits.insights[0].metadata)
    assert number.startswith("lower: median 0.21 against 0.48")
    assert "95 % interval −0.71 to −0.49" in number
    assert category.startswith("more frequent: 72 % against 41 %")


def test_shortening_says_that_something_is_cut() -> None:
    assert words.shorten("a" * 99, 10) == "a" * 9 + "…"
    assert words.shorten("line\nbreak\x00", 40) == "line break"
    middle = words.shorten_middle("/data/train/" + "x" * 99 + "/cat-1.png", 21)
    assert middle.startswith("/data")
    assert middle.endswith("cat-1.png")
    assert len(middle) == 21


def test_file_names_are_safe_and_differ() -> None:
    names = words.slugs(["Mean/Hue", "mean hue", "../../etc", "亮度", "", "x" * 500])
    assert names[:4] == ["mean_hue", "mean_hue_2", "etc", "field"]
    assert names[4] == "field_2"
    assert len(names[5]) == words.SLUG_LENGTH
