"""The proposed expectation on the summary's card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_latent.report.expectations.filters import write_value
from mlflow_latent.report.expectations.model import Expectation
from mlflow_latent.report.html import render_page

if TYPE_CHECKING:
    from mlflow_latent.report.model import Report

HOSTILE = "<img src=x onerror=\"document.title='broken'\">"


def test_the_card_shows_the_test_that_guards_and_escapes_its_classes(digits: Report) -> None:
    guard = Expectation(f"class == {write_value(HOSTILE)}", "loss / rest", "<=", 1.5)
    guarded = digits.insights[0].model_copy(update={"expectation": guard})
    report = digits.model_copy(update={"insights": (guarded, *digits.insights[1:])})
    page = render_page(report.with_samples(digits.samples), [])
    assert page.count("Test that guards against it") == 1
    assert "loss / rest &lt;= 1.5 where class ==" in page
    assert "<img src=x" not in page
