from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.colors import to_hex

from mlflow_latent.report.figures import curves, style
from mlflow_latent.report.model import Curve, CurveBin, Report

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def bins(*sizes: int) -> tuple[CurveBin, ...]:
    return tuple(
        CurveBin(
            label=f"bin {place}",
            lower=place,
            upper=place + 1,
            n=size,
            mean=1.0 + place if size > 1 else None,
            interval=(0.5 + place, None) if size > 1 else (None, None),
        )
        for place, size in enumerate(sizes)
    )


def drawn(report: Report, binning: str, *sizes: int) -> Figure:
    curve = Curve(
        field="width", measure="loss", binning=binning, series={"val": bins(*sizes)}, strength=0.2
    )
    with style.drawing():
        return curves.field([curve], report)


def faces(figure: Figure) -> list[str]:
    dots = [c for c in figure.axes[0].collections if len(c.get_facecolor()) and c.get_zorder() == 3]
    return [to_hex(dot.get_facecolor()[0]) for dot in dots]


def test_few_samples_are_drawn_hollow_never_hidden(digits: Report) -> None:
    color = style.SPLIT_COLORS["val"].lower()
    for binning in ("quantile", "equal_width", "categorical"):
        figure = drawn(digits, binning, 100, curves.FEW - 1, curves.FEW)
        assert faces(figure) == [color, style.PAPER, color]


def test_a_bin_of_one_sample_is_a_cross_and_an_empty_one_is_not(digits: Report) -> None:
    figure = drawn(digits, "equal_width", 100, 1, 0)
    crosses = figure.axes[0].collections[-1]
    assert len(crosses.get_offsets()) == 1


def test_n_of_every_bin_is_drawn(digits: Report) -> None:
    upright = drawn(digits, "quantile", 100, 7, 1)
    assert [bar.get_height() for bar in upright.axes[1].patches] == [100, 7, 1]
    lying = drawn(digits, "categorical", 1200, 7)
    assert [bar.get_width() for bar in lying.axes[1].patches] == [1200, 7]
    assert [text.get_text() for text in lying.axes[1].texts] == ["1,200", "7"]


def test_bins_of_one_value_each_have_bars(digits: Report) -> None:
    values = tuple(one.model_copy(update={"upper": one.lower}) for one in bins(50, 60, 70))
    curve = Curve(
        field="objects", measure="loss", binning="quantile", series={"val": values}, strength=0.1
    )
    with style.drawing():
        figure = curves.field([curve], digits)
    assert all(bar.get_width() > 0.3 for bar in figure.axes[1].patches)


def test_rare_categories_beyond_the_limit_are_counted(digits: Report) -> None:
    figure = drawn(digits, "categorical", *range(10, 10 + curves.MOST_CATEGORIES + 5))
    assert "5 rarer ones not drawn" in figure.axes[0].get_title(loc="left")


def test_names_of_figures_do_not_collide(digits: Report) -> None:
    alike = [
        digits.curves[0].model_copy(update={"field": name, "similar_fields": ()})
        for name in ("a b", "a/b")
    ]
    loss = digits.curves[0].model_copy(update={"field": "a b", "measure": "iou"})
    report = digits.model_copy(update={"curves": (*alike, loss)})
    assert list(curves.named_curves(report)) == ["curve_a_b", "curve_a_b_2", "curve_a_b_iou"]


def test_a_huge_interval_of_few_samples_does_not_flatten_the_curve(digits: Report) -> None:
    few = CurveBin(label="few", lower=3, upper=4, n=2, mean=2.0, interval=(-50, 54))
    curve = Curve(
        field="width",
        measure="loss",
        binning="equal_width",
        series={"val": (*bins(100, 90, 80), few)},
        strength=0.2,
    )
    with style.drawing():
        axes = curves.field([curve], digits).axes[0]
    low, high = axes.get_ylim()
    assert low > -1
    assert 3 < high < 5
    assert "long intervals cut" in axes.get_title(loc="left")
