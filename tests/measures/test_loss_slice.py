"""The loss along filter-normalised directions, and that a rescaling of weights moves it not."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch.nn import functional

from escaping_minima.draws.streams import Streams
from escaping_minima.engine.flat_network import FlatNetwork
from escaping_minima.landscape.filter_normalised import normalise_filters
from escaping_minima.landscape.rescaling import rescale
from escaping_minima.measures.loss_slice import LossSlice

BLOCK = 3
MEASURE = LossSlice(images=10, batch=4, directions=2, points=5, reach=0.8)


def test_filters_have_the_length_of_the_networks_own():
    generator = torch.Generator().manual_seed(0)
    shapes = ((3, 2, 5, 5), (3,), (4, 7))
    weights = [torch.randn(s, generator=generator) for s in shapes]
    drawn = [torch.randn(s, generator=generator) for s in shapes]
    raw = [d.clone() for d in drawn]
    normalise_filters(drawn, weights)
    assert float(drawn[1].abs().max()) == 0
    for place in (0, 2):
        for before, filtered, own in zip(raw[place], drawn[place], weights[place], strict=True):
            assert float(filtered.norm()) == pytest.approx(float(own.norm()), rel=1e-5)
            cosine = functional.cosine_similarity(filtered.flatten(), before.flatten(), dim=0)
            assert float(cosine) == pytest.approx(1, abs=1e-6)


def test_losses_are_those_of_the_moved_network(tiny_network, tiny_module, tiny_task):
    found = MEASURE.at_state_of(tiny_network, tiny_task, BLOCK)
    assert found["direction"] == [0] * 5 + [1] * 5
    assert found["alpha"] == pytest.approx([-0.8, -0.4, 0, 0.4, 0.8] * 2)
    streams = Streams("loss_slice", BLOCK)
    rows = streams.generator("images", 0).permutation(24)[:10]
    losses = []
    for index in range(2):
        drawn = streams.generator("direction", index).standard_normal((1, 170), np.float32)
        for alpha in (-0.8, -0.4, 0.0, 0.4, 0.8):
            moved, place = copy.deepcopy(tiny_module), 0
            for parameter in moved.parameters():
                d = torch.from_numpy(drawn[0, place : place + parameter.numel()].copy())
                place += parameter.numel()
                if parameter.ndim > 1:
                    own, d = parameter.data.flatten(1), d.view(len(parameter), -1)
                    step = d / d.norm(dim=1, keepdim=True) * own.norm(dim=1, keepdim=True)
                    parameter.data += alpha * step.view(parameter.shape)
            with torch.no_grad():
                outputs = moved(tiny_task.inputs[rows])
            losses.append(float(functional.cross_entropy(outputs, tiny_task.targets[rows])))
    assert found["loss"] == pytest.approx(losses, rel=1e-4)
    assert found["loss"][2] == found["loss"][7]
    assert len(set(found["loss"])) == 9


def test_weights_of_the_same_function_have_the_same_slice(tiny_network, tiny_module, tiny_task):
    other = copy.deepcopy(tiny_module)
    rescale(other, 4.0)
    rescaled = FlatNetwork(other, torch.device("cpu"), torch.contiguous_format)
    assert float((rescaled.w - tiny_network.w).abs().max()) > 1
    first, second = (n for n in (tiny_network, rescaled))
    found = MEASURE.at_state_of(first, tiny_task, BLOCK)["loss"]
    assert MEASURE.at_state_of(second, tiny_task, BLOCK)["loss"] == pytest.approx(found, rel=1e-4)


def test_nothing_is_moved_and_another_run_has_other_draws(tiny_network, tiny_task):
    before = {name: t.clone() for name, t in tiny_network.module.state_dict().items()}
    first = MEASURE.at_state_of(tiny_network, tiny_task, BLOCK)
    for name, tensor in tiny_network.module.state_dict().items():
        assert torch.equal(tensor, before[name]), name
    assert tiny_network.parameters[0].data_ptr() == tiny_network.w.data_ptr()
    assert MEASURE.at_state_of(tiny_network, tiny_task, BLOCK) == first
    other = MEASURE.at_state_of(tiny_network, tiny_task, 0)["loss"]
    assert other[2] != first["loss"][2]
    # all items: the directions alone are left
    whole = LossSlice(images=24, points=3)
    one, two = (whole.at_state_of(tiny_network, tiny_task, block)["loss"] for block in (0, 1))
    assert one[1] == pytest.approx(two[1], rel=1e-6)
    assert one[0] != pytest.approx(two[0], rel=1e-3)


@pytest.mark.parametrize(
    "settings", [{"images": 0}, {"batch": 0}, {"directions": 0}, {"points": 1}, {"reach": 0.0}]
)
def test_impossible_settings_are_refused(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        LossSlice(**settings)


def test_cost_is_that_of_as_many_passes():
    assert LossSlice(images=600, directions=2, points=21).trained_images(500) == 500 * 2 * 7
