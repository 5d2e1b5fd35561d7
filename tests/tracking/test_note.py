from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlflow_latent.tracking.note import (
    BEGIN,
    END,
    NOTE_LENGTH,
    RunPage,
    note_section,
    room_for_section,
    with_section,
)
from mlflow_latent.tracking.words import escape_markdown

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_latent.report.model import Insight, Report


PAGE = RunPage("1", "abc")
FOLDER = "latent/analysis/epoch=00007"
HOSTILE = "<img src=x onerror=alert(1)>\n# [a](javascript:alert(2)) | `x` " + END


@pytest.fixture
def report(make_insight: Callable[..., Insight], make_report: Callable[..., Report]) -> Report:
    return make_report(make_insight(), make_insight(title=HOSTILE))


def test_says_what_was_found_with_effect_and_interval(report: Report) -> None:
    section = note_section(report, PAGE, FOLDER)
    assert "### Latent space, epoch 7" in section
    assert r"loss ratio 3\.1 (2\.4 to 4)".replace("(", r"\(").replace(")", r"\)") in section
    assert "Set apart by brightness lower" in section
    assert "**1 insight" not in section
    assert "**2 insights**: 2 low performance." in section
    expected = "**val**: 100 samples, mean loss 0.5 (95 % interval 0.4 to 0.6), accuracy 90 %"
    assert f"- {expected}" in section


def test_links_are_relative_and_quoted(report: Report) -> None:
    section = note_section(report, RunPage("1", "a/../b?c"), FOLDER)
    assert "![overview](get-artifact?path=latent_overview.png&run_uuid=a%2F..%2Fb%3Fc)" in section
    assert "http" not in section
    assert "/artifacts/latent/analysis/epoch=00007/report.html?" in section  # not %3D


def test_hostile_text_is_shown_and_does_nothing(report: Report) -> None:
    section = note_section(report, PAGE, FOLDER)
    assert "<img" not in section
    assert "](javascript" not in section
    assert section.count(END) == 1
    assert with_section(with_section("mine", section), section) == with_section("mine", section)


@pytest.mark.parametrize(
    "note",
    [
        "My notes.",
        "Mine\n\n" + BEGIN + "old" + END,
        "Mine " + BEGIN + " kept since it has no end",
        BEGIN + "old" + END + "\n\nMine below",
        BEGIN + "Mine " + BEGIN + "old" + END + BEGIN + "older" + END,
        "Mine " + END,
    ],
)
def test_the_users_own_text_stays(note: str) -> None:
    section = f"{BEGIN}\nnew\n{END}"
    once = with_section(note, section)
    assert once.endswith(section)
    assert "old" not in once
    assert "Mine" in once or "My notes." in once
    assert with_section(once, section) == once


@pytest.mark.parametrize("length", [0, 500, 4000, 7000, 7500, 7900, 8000])
def test_fits_beside_whatever_the_user_wrote(
    length: int, make_insight: Callable[..., Insight], make_report: Callable[..., Report]
) -> None:
    report = make_report(*[make_insight(title="x" * 500) for _ in range(30)])
    note = "y" * length
    section = note_section(report, PAGE, FOLDER, room_for_section(note))
    assert len(with_section(note, section)) <= NOTE_LENGTH or not section
    assert bool(section) == (length <= 7000)
    if length < 4000:
        assert "and 22 more in the report" in section


def test_says_that_nothing_was_found(make_report: Callable[..., Report]) -> None:
    assert "**No insight**" in note_section(make_report(), PAGE, FOLDER)


def test_addresses_in_hostile_text_do_not_become_links() -> None:
    assert escape_markdown("http://evil.example\n_x_") == "http&#58;//evil\\.example \\_x\\_"
