from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_latent.report.figures import regions, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mlflow_latent.report.model import Report


def names(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].get_yticklabels()]


def marked(figure: Figure) -> list[str]:
    labels = figure.axes[0].get_yticklabels()
    return [text.get_text() for text in labels if text.get_color() == style.ALERT]


def margin(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_misrepresented_regions_are_marked_with_effect_and_interval(digits: Report) -> None:
    with style.drawing():
        figure = regions.shares(digits)
    over, under = digits.insights[2:]
    assert len(marked(figure)) == 2
    assert {name.split(" ·")[0] for name in marked(figure)} == {over.region, under.region}
    assert len(margin(figure)) == 2
    assert any(
        "(95 %: " in text and text.startswith("over representation") for text in margin(figure)
    )


def test_regions_are_in_order_of_the_difference(digits: Report) -> None:
    with style.drawing():
        figure = regions.shares(digits)
    share = {
        region.id: region.counts.get("train", 0) / digits.splits[0].n
        - region.counts.get("val", 0) / digits.splits[1].n
        for region in digits.regions
    }
    from_top = [share[name.split(" ·")[0]] for name in reversed(names(figure))]
    assert from_top == sorted(from_top)
    assert len(from_top) == 12


def test_many_regions_are_capped_and_said(digits: Report) -> None:
    first = digits.regions[0]
    many = tuple(first.model_copy(update={"id": f"coarse/{n}"}) for n in range(90))
    with style.drawing():
        figure = regions.losses(digits.model_copy(update={"regions": many}))
    assert len(names(figure)) == regions.MOST_REGIONS
    assert any("50 regions" in text.get_text() for text in figure.texts)


def test_one_split_has_shares_of_nothing(digits: Report) -> None:
    alone = digits.model_copy(update={"splits": digits.splits[:1], "tested_split": None})
    with style.drawing():
        assert [name for name, _ in regions.draw_all(alone)] == ["region_loss"]


def test_a_region_without_loss_is_still_a_line(digits: Report) -> None:
    without = digits.regions[0].model_copy(update={"mean_loss": {}})
    report = digits.model_copy(update={"regions": (without, *digits.regions[1:])})
    with style.drawing():
        assert any(name.startswith("coarse/0 ") for name in names(regions.losses(report)))
