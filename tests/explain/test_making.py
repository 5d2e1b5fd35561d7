from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from planted import CORNER, SIDE, Looking, picture, sample, share_in_corner
from torch import Tensor, nn

from mlflow_latent.errors import InputError, LayerNotFoundError
from mlflow_latent.explain import Answers, Box, ExplainOptions, make_heatmaps, subject_of
from mlflow_latent.explain.faithfulness import Faithfulness
from mlflow_latent.report.heatmaps import leading

FEW = ExplainOptions(size=16)


def made(model: nn.Module, options: ExplainOptions = FEW, **changes: Any) -> list[Any]:
    return list(make_heatmaps([sample(model, **changes)], model, options=options).heatmaps)


def test_each_map_finds_the_part_that_was_made_to_matter() -> None:
    maps = made(Looking())
    assert {(one.kind.what, one.kind.method) for one in maps} == {
        *(("class", method) for method in ("hirescam", "grad-cam", "gradient", "occlusion")),
        ("loss", "gradient"),
        *(("region", method) for method in ("hirescam", "gradient")),
    }
    for one in maps:
        if one.kind.method == "grad-cam":
            continue  # weights channels, not places: it cannot know of a corner
        assert share_in_corner(one.values) > 0.8, one.title
        assert one.is_faithful, one.title


def test_a_method_that_mixes_up_places_says_so_on_its_face() -> None:
    image = picture()
    image[0, 0][CORNER] *= 0.6  # what is brightest is where nobody looks
    maps = made(Looking(), image=image)
    (late,) = [one for one in maps if one.kind.label.startswith("class, Grad-CAM, late")]
    assert share_in_corner(late.values) < 0.5
    assert late.is_faithful is False
    assert late.faithfulness.startswith("No better than random.")


def test_targets_are_named_by_their_classes() -> None:
    model = Looking()
    explained = make_heatmaps([sample(model)], model, class_names=["cat", "dog"], options=FEW)
    targets = list(dict.fromkeys(one.target for one in explained.heatmaps))
    assert targets[:4] == ["class dog (predicted)", "dog rather than cat", "loss", "region fine/3"]
    assert targets[4] in {f"channels {pair} of region fine/3" for pair in ("0, 1", "1, 0")}


def test_a_wrong_prediction_is_held_against_its_label() -> None:
    model = Looking()
    targets = {one.target for one in made(model, target=0)}
    assert {"class 1 (predicted, wrongly)", "1 rather than 0 (the label)"} <= targets


def test_activations_in_place_change_no_map() -> None:
    for inside, outside in zip(
        made(Looking(inplace=True)), made(Looking(inplace=False)), strict=True
    ):
        np.testing.assert_allclose(inside.values, outside.values, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(inside.advantage, outside.advantage, rtol=1e-4, atol=1e-6)


def test_half_precision_gives_about_the_same_maps() -> None:
    whole, half = Looking(), Looking().bfloat16()
    image = picture().bfloat16()
    for exact, rough in zip(made(whole), made(half, image=image), strict=True):
        assert exact.key == rough.key
        np.testing.assert_allclose(
            rough.values, exact.values, atol=0.12 * float(exact.values.max()) + 1e-6
        )


def test_a_model_that_looks_at_nothing_has_no_faithful_map() -> None:
    class Blind(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1, 2, 3, padding=1)

        def forward(self, images: Tensor) -> Tensor:
            return 0 * self.conv(images).mean((2, 3)) + torch.tensor([1.0, 2.0])

    assert [one.is_faithful for one in made(Blind(), region=None)] == [False] * 7
    assert all(not one.values.any() for one in made(Blind(), region=None))


def test_maps_that_say_nothing_are_rarely_called_better_than_random() -> None:
    model = Looking()
    found = []
    for seed in range(60):
        subject = subject_of(sample(model, name=str(seed), image=picture(seed)))
        faithfulness = Faithfulness(subject, 39, 0)
        generator = torch.Generator().manual_seed(1000 + seed)
        (nothing,) = faithfulness._stretched(torch.rand(1, 1, 6, 6, generator=generator))
        found += [low > 0 for _, low, _ in faithfulness.of([(0, nothing)])]
    assert np.mean(found) <= 0.1  # 0.025 is what is expected


def test_the_same_sample_gives_the_same_maps() -> None:
    for first, again in zip(made(Looking()), made(Looking()), strict=True):
        assert (first.values == again.values).all()
        assert first.advantage == again.advantage


def test_a_wide_image_is_letterboxed_as_its_thumbnail_is() -> None:
    image = torch.cat([picture(0), picture(1)], dim=3)
    for one in made(Looking(), image=image, region=None):
        assert one.values.shape == (16, 16)
        assert not one.values[:4].any()
        assert not one.values[-4:].any()
        assert one.values[4:12].any()


def test_padding_of_the_input_is_no_part_of_the_picture() -> None:
    for one in made(Looking(), content=Box(8, 0, 16, SIDE), region=None):
        assert not one.values[:4].any()
        assert not one.values[-4:].any()


def test_named_layers_are_looked_into() -> None:
    maps = made(Looking(), replace(FEW, layers=("stem",)))
    assert {one.kind.layer for one in maps} == {"stem", None}
    with pytest.raises(LayerNotFoundError, match="did you mean 'stem'"):
        made(Looking(), replace(FEW, layers=("stam",)))


class Flat(nn.Module):
    """A model without any layer that has places."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(SIDE * SIDE, 8)
        self.last = nn.Linear(8, 2)

    def forward(self, images: Tensor) -> Tensor:
        return self.last(self.first(images.flatten(1)).relu())


def test_a_layer_without_places_is_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"'first' returns \(1, 8\), which has no places"):
        made(Flat(), replace(FEW, layers=("first",)))


def test_without_such_layers_there_are_maps_of_the_input() -> None:
    torch.manual_seed(0)
    explained = make_heatmaps([sample(Flat())], model := Flat(), options=FEW)
    assert "no layer of the model" in explained.notes[0]
    assert isinstance(model, nn.Module)
    assert {one.kind.method for one in explained.heatmaps} == {"gradient", "occlusion"}


class Tokens(nn.Module):
    """A tiny vision transformer: patches, a token of the class before them, one attention."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.patches = nn.Linear(64, 16)
        self.token = nn.Parameter(torch.randn(1, 1, 16))
        self.norm1 = nn.LayerNorm(16)
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
        self.norm2 = nn.LayerNorm(16)
        self.head = nn.Linear(16, 3)

    def forward(self, images: Tensor) -> Tensor:
        cut = images.unfold(2, 8, 8).unfold(3, 8, 8).reshape(len(images), -1, 64)
        tokens = torch.cat([self.token.expand(len(images), -1, -1), self.patches(cut)], dim=1)
        seen = self.norm1(tokens)
        tokens = tokens + self.attention(seen, seen, seen, need_weights=False)[0]
        return self.head(self.norm2(tokens)[:, 0])


def test_tokens_of_a_transformer_are_laid_out_as_the_image_is() -> None:
    maps = made(Tokens())
    layers = {one.kind.layer for one in maps if one.kind.method == "hirescam"}
    assert layers == {"norm1"}  # after norm2 only the token of the class is read
    assert "grad-cam" not in {one.kind.method for one in maps}
    assert all(one.values.any() for one in maps if one.kind.layer == "norm1")


def test_a_layer_of_another_shape_is_reshaped_by_the_users_function() -> None:
    class Last(Looking):
        """Channels come last, as in some transformers."""

        def __init__(self) -> None:
            super().__init__()
            self.turn = nn.Identity()

        def embed(self, images: Tensor) -> Tensor:
            found = self.turn(self.late(self.shrink(self.stem(images))).permute(0, 2, 3, 1))
            return found[:, 4:, :4].mean((1, 2))

    options = replace(FEW, layers=("turn",), reshape=lambda maps: maps.permute(0, 3, 1, 2))
    for one in made(Last(), options):
        if one.kind.method == "hirescam":
            assert share_in_corner(one.values) > 0.8


def test_time_that_runs_out_is_a_note() -> None:
    ticks = iter(range(100))
    model = Looking()
    explained = make_heatmaps(
        [sample(model, name=str(number)) for number in range(9)],
        model,
        options=replace(FEW, seconds=2.5, occlusion=False),
        clock=lambda: float(next(ticks)),
    )
    assert {one.sample_id for one in explained.heatmaps} == {"0", "1"}
    assert explained.notes == ("after 2.5 s 2 samples had heat-maps; the rest have none",)


def test_a_sample_that_fails_costs_no_other() -> None:
    model = Looking()

    def broken(_images: Tensor) -> Answers:
        raise RuntimeError("out of memory")

    explained = make_heatmaps(
        [sample(model, name="bad", run=broken), sample(model, name="good")], model, options=FEW
    )
    assert {one.sample_id for one in explained.heatmaps} == {"good"}
    assert explained.notes == ("1 samples have no heat-maps: bad: RuntimeError: out of memory",)


def test_of_each_sort_the_most_faithful_map_leads() -> None:
    chosen = leading(made(Looking()))
    assert [one.kind.what for one in chosen] == ["class", "loss", "region"]
    assert all(one.is_faithful for one in chosen)
    assert chosen[0].kind.method != "grad-cam"


@pytest.mark.parametrize(
    "given", [{"size": 2}, {"tenths": -1}, {"samples": 0}, {"each": 1.5}, {"seconds": 0}]
)
def test_options_that_cannot_be_used_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(given))):
        ExplainOptions(**given)
