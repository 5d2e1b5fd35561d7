"""What is asked of segmenters, detectors and regions."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from planted import SIDE, share_in_corner
from torch import Tensor, nn

from mlflow_latent.errors import InputError
from mlflow_latent.explain import Answers, ExplainOptions, RegionProfile, Sample, make_heatmaps
from mlflow_latent.explain.classifiers import both_classes
from mlflow_latent.explain.detectors import Candidates, TrueObjects, overlaps, questions

FEW = ExplainOptions(size=16, occlusion=False)


class Segmenter(nn.Module):
    """A pixel is of class 1 where it is bright."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 1)
        with torch.no_grad():
            self.conv.weight.copy_(torch.tensor([-4.0, 4.0]).reshape(2, 1, 1, 1))
            self.conv.bias.copy_(torch.tensor([2.0, -2.0]))

    def forward(self, images: Tensor) -> Tensor:
        return self.conv(images)


def test_pixels_of_a_class_are_explained_by_themselves() -> None:
    model = Segmenter()
    image = torch.rand(1, 1, SIDE, SIDE) * 0.2
    image[:, :, 18:30, 2:14] = 1  # in the corner
    label = (image[0, 0] > 0.5).long()

    def run(images: Tensor) -> Answers:
        return Answers(logits=model(images))

    one = Sample("val", "a", image=image, run=run, target=label)
    maps = make_heatmaps([one], model, class_names=["ground", "car"], options=FEW).heatmaps
    assert {each.target for each in maps} == {"pixels of car"}
    for each in maps:
        assert share_in_corner(each.values) > 0.9
        assert each.is_faithful


def test_pixels_that_the_model_does_not_see_are_missed_ones() -> None:
    model = Segmenter()
    image, label = torch.zeros(1, 1, 8, 8), torch.zeros(8, 8, dtype=torch.long)
    label[:4] = 1
    one = Sample("val", "a", image=image, run=lambda i: Answers(logits=model(i)), target=label)
    maps = make_heatmaps([one], model, class_names=["ground", "car"], options=FEW).heatmaps
    assert {each.target for each in maps} == {"missed pixels of car"}


def detector(boxes: list[list[float]], scores: list[list[float]]) -> Candidates:
    return Candidates(torch.tensor([boxes]), torch.tensor([scores]))


def test_objects_found_and_missed_and_the_whole_picture_are_asked_about() -> None:
    found = detector(
        [[0, 0, 10, 10], [1, 0, 10, 10], [40, 40, 44, 44]],
        [[0.9, 0.1], [0.8, 0.1], [0.01, 0.05]],
    )
    truth = TrueObjects(torch.tensor([[0.0, 0, 10, 10], [30, 30, 60, 60]]), torch.tensor([0, 1]))
    terms = questions(found, truth, ["car", "dog"])
    assert [term.question.target for term in terms] == [
        *("missed dog", "found car", "the whole picture"),
    ]
    values = [float(term.value(Answers(raw=found))[0]) for term in terms]
    logit = torch.logit(torch.tensor([0.05, 0.9, 0.8]))
    np.testing.assert_allclose(values, [logit[0], logit[1], logit[1:].mean()], rtol=1e-5)


def test_a_picture_in_which_nothing_is_predicted_has_its_best_candidates() -> None:
    found = detector([[0, 0, 1, 1]] * 3, [[0.1], [0.2], [0.01]])
    (term,) = questions(found, None, ["car"])
    assert term.question.target == "the whole picture"
    assert torch.isfinite(term.value(Answers(raw=found))).all()


def test_an_object_that_no_candidate_is_near_is_not_asked_about() -> None:
    found = detector([[0, 0, 1, 1]], [[0.1]])
    truth = TrueObjects(torch.tensor([[50.0, 50, 60, 60], [0, 0, 1, 1]]), torch.tensor([0, 7]))
    assert len(questions(found, truth, ["car"])) == 1


def test_overlaps_are_intersections_over_unions() -> None:
    boxes = torch.tensor([[0.0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 5, 5]])
    np.testing.assert_allclose(overlaps(boxes, boxes[0]), [1, 1 / 3, 0], rtol=1e-6)


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_one_logit_is_two_classes(shape: tuple[int, ...]) -> None:
    two = both_classes(torch.arange(3.0).reshape(shape))
    np.testing.assert_array_equal(two, [[0, 0], [0, 1], [0, 2]])


def test_a_region_is_told_by_the_channels_that_differ() -> None:
    rng = np.random.default_rng(0)
    inside = np.arange(200) < 40
    embedding = rng.normal(size=(200, 100)).astype(np.float32)
    embedding[inside, 17] += 5
    embedding[inside, 60] -= 4
    embedding[:, 3] = 1  # a dead channel
    profile = RegionProfile.of("region 1", embedding, inside)
    assert profile.telling[:2].tolist() == [17, 60]
    assert len(profile.telling) == 5
    assert 3 not in profile.telling
    assert np.isfinite(profile.center).all()


@pytest.mark.parametrize("inside", [np.zeros(5, bool), np.ones(5, bool)])
def test_a_region_of_nothing_or_all_is_refused(inside: np.ndarray) -> None:
    with pytest.raises(InputError, match="of 5 samples"):
        RegionProfile.of("region 1", np.eye(5, dtype=np.float32), inside)


def test_an_embedding_of_another_width_is_named() -> None:
    profile = RegionProfile.of("region 1", np.eye(5, dtype=np.float32), np.arange(5) < 2)
    conv = nn.Conv2d(1, 2, 1)
    one = Sample(
        "val",
        "a",
        image=torch.rand(1, 1, 8, 8),
        run=lambda images: Answers(embedding=conv(images).mean((2, 3))),
        region=profile,
    )
    with pytest.raises(InputError, match="2 numbers, but 5 were captured"):
        make_heatmaps([one], conv, options=FEW)
