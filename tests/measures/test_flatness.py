"""Sharpness of a minimum against dense Hessians, and under weights of the same function."""

from __future__ import annotations

import copy
import itertools
import json
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from escaping_minima.draws.streams import Streams
from escaping_minima.engine.fixed_items import FixedItems
from escaping_minima.engine.flat_network import FlatNetwork
from escaping_minima.landscape.box_sharpness import box_sharpness
from escaping_minima.landscape.hutchinson import mean_trace
from escaping_minima.landscape.relative_flatness import relative_flatness
from escaping_minima.landscape.rescaling import rescale
from escaping_minima.measures.flatness import Flatness
from escaping_minima.parts.registry import part_record, read_part

BLOCK = 3
EXACT = {"images": 10, "second": 8, "batch": 4, "products": 400, "tolerance": 1e-5}
ORDER = Streams("flatness", BLOCK).generator("images", 0).permutation(24)
FIRST, SECOND = torch.from_numpy(ORDER[:10]), torch.from_numpy(ORDER[10:18])


@pytest.fixture
def items(tiny_network, tiny_task):
    return FixedItems(tiny_network, tiny_task, FIRST, 4)


@pytest.fixture(scope="module")
def once():
    """Remembers what was measured, for all tests of this file."""
    return {}


@pytest.fixture
def found(once, tiny_network, tiny_task):
    if not once:
        measure = Flatness(**EXACT, probes=60, rescaled=(4.0, 0.25))
        once.update(measure.at_state_of(tiny_network, tiny_task, BLOCK))
    return once


def test_products_and_forms_are_those_of_the_dense_hessian(
    items, tiny_module, tiny_task, dense_hessian
):
    hessian = dense_hessian(tiny_module, FIRST)
    vectors = torch.randn(2, len(hessian), generator=torch.Generator().manual_seed(5))
    for vector in vectors:
        product = items.hessian_product(vector)
        assert product.dtype == torch.float64
        torch.testing.assert_close(product, hessian @ vector.double(), rtol=1e-4, atol=2e-5)
    forms = items.quadratic_forms(lambda batch: iter(vectors[: 1 + batch % 2]))
    assert [len(each) for each in forms] == [1, 2, 1]
    assert items.shares() == pytest.approx([0.4, 0.4, 0.2])
    for batch, each in enumerate(forms):
        part = dense_hessian(tiny_module, FIRST[4 * batch : 4 * batch + 4])
        exact = [float(v.double() @ part @ v.double()) for v in vectors[: len(each)]]
        assert each == pytest.approx(exact, rel=1e-4)


def test_loss_and_gradient_are_those_of_all_items_at_once(items, tiny_module, tiny_task):
    """Batches are of 4, 4 and 2 items, which must not count alike."""
    w = items._network.w + 0.1
    exact = copy.deepcopy(tiny_module).double()
    nn.utils.vector_to_parameters(w[0].double(), exact.parameters())
    outputs = exact(tiny_task.inputs[FIRST].double())
    loss = functional.cross_entropy(outputs, tiny_task.targets[FIRST])
    loss.backward()
    gradient = torch.cat([p.grad.flatten() for p in exact.parameters()])
    assert items.value(w) == pytest.approx(loss.item(), rel=1e-6)
    value, seen = items.value_and_gradient(w)
    assert value == pytest.approx(loss.item(), rel=1e-6)
    torch.testing.assert_close(seen[0], gradient, rtol=1e-4, atol=1e-6)


def test_eigenvalues_and_traces_are_those_of_dense_hessians(found, tiny_module, dense_hessian):
    assert found["image_set"] == [1, 2, 1, 1]
    for row, rows in enumerate((FIRST, SECOND)):
        hessian = dense_hessian(tiny_module, rows)
        exact = torch.linalg.eigvalsh(hessian).flip(0)[:5].tolist()
        assert [found[f"eigenvalue_{i}"][row] for i in range(1, 6)] == pytest.approx(
            exact, rel=1e-3
        )
        assert found["residual"][row] < 1e-4 * exact[0]
        assert found["rescaled"][row] == 1
        assert found["output_change"][row] == 0


def test_a_trace_is_that_of_named_signs_a_batch(found, tiny_module, dense_hessian):
    """Sixty vectors in all, twenty a batch, and other ones for each set."""
    for row, rows in enumerate((FIRST, SECOND)):
        parts = torch.split(rows, 4)
        forms = []
        for batch, part in enumerate(parts):
            hessian = dense_hessian(tiny_module, part).numpy()
            generator = Streams("flatness", BLOCK).generator(f"probe {row + 1}", batch)
            count = math.ceil(60 / len(parts))
            raw = [np.frombuffer(generator.bytes(22), np.uint8) for _ in range(count)]
            signs = 2.0 * np.unpackbits(np.stack(raw), axis=1, count=170) - 1
            forms.append(np.einsum("pi,ij,pj->p", signs, hessian, signs))
        trace, error = mean_trace(forms, [len(part) / len(rows) for part in parts])
        assert found["trace"][row] == pytest.approx(trace, rel=1e-4)
        assert found["trace_se"][row] == pytest.approx(error, rel=1e-4)
        exact = float(dense_hessian(tiny_module, rows).trace())
        assert abs(trace - exact) < 3 * error


def test_other_weights_of_the_same_function_look_sharper_or_flatter(
    found, tiny_module, dense_hessian
):
    """Factors of two move weights exactly; what is left is rounding of the variance."""
    plain = dense_hessian(tiny_module, FIRST)
    for row, alpha in ((2, 4.0), (3, 0.25)):
        assert found["rescaled"][row] == alpha
        assert 0 <= found["output_change"][row] < 1e-5
        assert found["loss"][row] == pytest.approx(found["loss"][0], rel=1e-6)
        # by hand: weights and biases before a norm, the last norm's, and the last weights
        factors = [alpha] * 38 + [1.0] * 8 + [alpha] * 72 + [alpha] * 16 + [1 / alpha] * 32
        s = 1 / torch.tensor([*factors, 1, 1, 1, 1], dtype=torch.float64)
        exact = torch.linalg.eigvalsh(s[:, None] * plain * s).flip(0)[:5].tolist()
        seen = [found[f"eigenvalue_{i}"][row] for i in range(1, 6)]
        assert seen == pytest.approx(exact, rel=1e-3)
        assert abs(math.log(seen[0] / found["eigenvalue_1"][0])) > 0.5
        assert abs(math.log(found["sharpness"][row] / found["sharpness"][0])) > 0.1
        assert found["relative_flatness"][row] == pytest.approx(
            found["relative_flatness"][0], rel=1e-5
        )
    assert found["relative_flatness"][1] != pytest.approx(found["relative_flatness"][0], rel=0.01)


def test_relative_flatness_is_the_sum_over_blocks_of_the_hessian(found, tiny_module, dense_hessian):
    """Petzka et al., definition 3, term by term, of the last layer."""
    hessian = dense_hessian(tiny_module, FIRST)
    weight = tiny_module[-1].weight.detach().double()
    block = hessian[-36:-4, -36:-4].reshape(4, 8, 4, 8)
    exact = sum(
        weight[s] @ weight[t] * block[s, :, t].trace()
        for s, t in itertools.product(range(4), repeat=2)
    )
    assert found["relative_flatness"][0] == pytest.approx(float(exact), rel=1e-5)


def test_relative_flatness_keeps_its_digits_where_an_item_is_nearly_certain():
    features = torch.tensor([[3.0, 4.0]], dtype=torch.float64)
    weight = torch.tensor([[1.0, 2.0], [-2.0, 6.0]], dtype=torch.float64)
    outputs = torch.tensor([[30.0, 0.0]], dtype=torch.float64)
    p = 1 / (1 + math.exp(30))
    assert relative_flatness(features, outputs, weight) == pytest.approx(
        25 * p * (1 - p) * (9 + 16), rel=1e-9
    )


def test_sharpness_is_the_highest_loss_of_a_box():
    """On a quadratic whose largest value lies at another corner than the gradient says."""
    matrix = torch.tensor([[1.0, -3.0], [-3.0, 1.0]], dtype=torch.float64)
    slope = torch.tensor([1.0, 0.9], dtype=torch.float64)
    w = torch.tensor([[1.0, -3.0]], dtype=torch.float64)

    def look(place):
        z = (place - w)[0]
        return float(0.5 + slope @ z + z @ matrix @ z / 2), (slope + matrix @ z)[None]

    reach = 0.5 * torch.tensor([2.0, 4.0], dtype=torch.float64)
    corners = [w + torch.tensor(c) * reach for c in itertools.product((1.0, -1.0), repeat=2)]
    highest = max(look(corner)[0] for corner in corners)
    assert highest > 0.5 > look(w + reach)[0]
    found = box_sharpness(look, w, 0.5, 10)
    assert found == pytest.approx(100 * (highest - 0.5) / 1.5, rel=1e-12)
    # the first step goes to the corner of the gradient, which is lower: half of it is not
    assert box_sharpness(look, w, 0.5, 1) == 0
    half = look(w + reach / 2)[0]
    assert box_sharpness(look, w, 0.5, 2) == pytest.approx(100 * (half - 0.5) / 1.5)


def test_sharpness_of_a_network_is_met_in_its_box(found, items, tiny_network):
    w = tiny_network.w.clone()
    places = []

    def look(place):
        places.append(place)
        return items.value_and_gradient(place)

    again = box_sharpness(look, w, 1e-3, 10)
    assert found["sharpness"][0] == pytest.approx(again, rel=1e-5)
    assert again > 0
    for place in places:
        assert place.dtype == torch.float32
        assert float(((place - w).abs() - 1e-3 * (w.abs() + 1)).max()) < 1e-6


def test_nothing_is_moved_and_the_same_is_found_again(tiny_network, tiny_task):
    before = {name: t.clone() for name, t in tiny_network.module.state_dict().items()}
    measure = Flatness(**EXACT | {"products": 5}, probes=2)
    first, again, other = (
        measure.at_state_of(tiny_network, tiny_task, block) for block in (BLOCK, BLOCK, 0)
    )
    for name, tensor in tiny_network.module.state_dict().items():
        assert torch.equal(tensor, before[name]), name
    assert tiny_network.parameters[0].data_ptr() == tiny_network.w.data_ptr()
    assert first == again
    assert first["loss"] != other["loss"]


def test_a_small_training_set_is_shared_by_both_sets(tiny_network, tiny_task):
    """Of 24 items, 8 and 16; and what the sets are of is said by the loss of each."""
    measure = Flatness(**EXACT | {"images": 1000, "second": 2000, "products": 5}, rescaled=())
    found = measure.at_state_of(tiny_network, tiny_task, BLOCK)
    for rows, loss in zip((ORDER[:8], ORDER[8:]), found["loss"], strict=True):
        with torch.no_grad():
            outputs = tiny_network.module(tiny_task.inputs[rows])
        exact = functional.cross_entropy(outputs, tiny_task.targets[rows])
        assert loss == pytest.approx(float(exact), rel=1e-5)


def test_a_diverged_network_gives_numbers_that_say_so(tiny_network, tiny_task):
    tiny_network.w[0, -1] = math.nan
    found = Flatness(**EXACT, rescaled=()).at_state_of(tiny_network, tiny_task, BLOCK)
    for name in ("loss", "eigenvalue_1", "trace", "sharpness", "relative_flatness", "residual"):
        assert all(math.isnan(value) for value in found[name]), name


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ((nn.Linear(2, 2), nn.ReLU()), "no layer before"),
        ((nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Tanh(), nn.Linear(2, 2)), "no dense layer"),
        ((nn.Linear(2, 2), nn.BatchNorm1d(2), nn.ReLU()), "no dense layer"),
    ],
)
def test_networks_that_cannot_be_rescaled_are_refused(layers, message):
    with pytest.raises(ValueError, match=message):
        rescale(nn.Sequential(*layers), 2.0)


@pytest.mark.parametrize(
    "settings",
    [
        {"images": 0},
        {"second": -1},
        {"batch": 0},
        {"eigenvalues": 0},
        {"products": 4},
        {"tolerance": 0.0},
        {"probes": 0},
        {"epsilon": 0.0},
        {"ascent": 0},
        {"rescaled": (2.0, 0.0)},
    ],
)
def test_impossible_settings_are_refused(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        Flatness(**settings)


def test_cost_goes_with_images_and_rows():
    """25 products of 3 gradients, two vectors of 3 and 2, and 11 gradients of the ascent."""
    measure = Flatness(images=2000, second=1000, batch=50)
    assert measure.trained_images(60_000) == (2000 + 1000 + 2000) * (75 + 5 + 11)
    assert Flatness(rescaled=()).trained_images(2000) == pytest.approx(2000 * (75 + 5 + 11))


def test_a_record_that_was_written_down_gives_the_measure_back():
    record = part_record("measures", "flatness", {"rescaled": (), "images": 500}).record()
    read = json.loads(json.dumps(record))
    assert read_part("measures", read["name"], read["settings"]) == Flatness(500, rescaled=())


def test_layout_does_not_matter(found, tiny_module, tiny_task):
    other = FlatNetwork(copy.deepcopy(tiny_module), torch.device("cpu"))
    measure = Flatness(**EXACT | {"second": 0}, probes=2, rescaled=())
    again = measure.at_state_of(other, tiny_task, BLOCK)
    for name in ("loss", "eigenvalue_1", "sharpness", "relative_flatness"):
        assert again[name] == pytest.approx(found[name][:1], rel=1e-4), name
