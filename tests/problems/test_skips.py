"""Networks with skip connections and without: the same weights, and passes written out."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from escaping_minima.draws.streams import Streams
from escaping_minima.kinds.cell import seconds_per_item
from escaping_minima.parts.registry import make_problem
from escaping_minima.problems.networks.resnet import BasicBlock
from escaping_minima.problems.networks.skips import ConvolutionSkip

SMALL = {
    "skip_mlp": {"depth": 5, "width": 8},
    "skip_resnet": {"depth": 14, "divisor": 16},
}
SHAPES = {"skip_mlp": (1, 28, 28), "skip_resnet": (3, 32, 32)}
NAMES = tuple(SMALL)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


def drawn(name, skips, **more):
    """Return a network at its start, with running statistics that are not 0 and 1, in float64."""
    problem = make_problem(name, SMALL[name] | {"skips": skips} | more)
    network = problem.network()
    problem.start(network, Streams(name, 4))
    generator = torch.Generator().manual_seed(5)
    for layer in network.modules():
        if isinstance(layer, NORMS):
            layer.running_mean.normal_(generator=generator)
            layer.running_var.uniform_(0.5, 1.5, generator=generator)
            layer.weight.data.uniform_(0.5, 1.5, generator=generator)
            layer.bias.data.normal_(generator=generator)
    return network.double().eval()


def some_images(name):
    generator = torch.Generator().manual_seed(7)
    return torch.randn(3, *SHAPES[name], generator=generator, dtype=torch.float64)


def normalised(x, kept, name):
    return functional.batch_norm(
        x,
        *(kept[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")),
    )


def mlp(kept, x, skips):
    """Return the outputs of the fully connected network, from its weights by name."""
    x = torch.relu(normalised(x.flatten(1) @ kept["1.weight"].T, kept, "2"))
    for place in (4, 5, 6):
        moved = x @ kept[f"{place}.body.0.weight"].T
        moved = torch.relu(normalised(moved, kept, f"{place}.body.1"))
        x = moved + skips * x
    return x @ kept["7.weight"].T + kept["7.bias"]


def residual(kept, x, skips):
    """Return the outputs of the residual network of two blocks a stage."""
    x = torch.relu(normalised(functional.conv2d(x, kept["0.weight"], padding=1), kept, "1"))
    for place in range(3, 9):
        weights = kept[f"{place}.body.0.weight"]
        stride = 2 if place in (5, 7) else 1
        moved = functional.conv2d(x, weights, stride=stride, padding=1)
        moved = torch.relu(normalised(moved, kept, f"{place}.body.1"))
        moved = functional.conv2d(moved, kept[f"{place}.body.3.weight"], padding=1)
        moved = normalised(moved, kept, f"{place}.body.4")
        if skips:
            skipped = torch.zeros_like(moved)
            skipped[:, : x.shape[1]] = x[:, :, ::stride, ::stride]
            moved = moved + skipped
        x = torch.relu(moved)
    return x.mean((2, 3)) @ kept["11.weight"].T + kept["11.bias"]


PASSES = {"skip_mlp": mlp, "skip_resnet": residual}


@pytest.mark.parametrize("skips", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_outputs_are_those_of_the_pass_written_out(name, skips):
    network, images = drawn(name, skips), some_images(name)
    with torch.no_grad():
        found = network(images)
        wanted = PASSES[name](network.state_dict(), images, skips)
    assert wanted.std() > 1e-3
    torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_skips_change_the_outputs_and_no_weight(name):
    both = [drawn(name, skips) for skips in (True, False)]
    kept, other = (network.state_dict() for network in both)
    assert kept.keys() == other.keys()
    assert all(torch.equal(kept[key], other[key]) for key in kept)
    with torch.no_grad():
        found = [network(some_images(name)) for network in both]
    assert float((found[0] - found[1]).abs().max()) > 0.1


def test_a_block_that_keeps_its_shape_is_that_of_the_published_networks():
    generator = torch.Generator().manual_seed(1)
    ours, theirs = ConvolutionSkip(4, 4, 1, True), BasicBlock(4, 4, 1)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(2, 4, 6, 6, generator=generator)
    torch.testing.assert_close(ours(x), theirs(x))


@pytest.mark.parametrize(("depth", "count"), [(20, 269_722), (56, 853_018)])
def test_residual_networks_have_as_many_weights_as_published(depth, count):
    """He et al. 2016, table 6, say 0.27 and 0.85 million."""
    with torch.device("meta"):
        network = make_problem("skip_resnet", {"depth": depth}).network()
    assert sum(p.numel() for p in network.parameters()) == count
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    assert len(layers) == depth


def test_the_fully_connected_network_has_its_depth_and_width():
    network = make_problem("skip_mlp", {"depth": 20, "width": 64}).network()
    dense = [m for m in network.modules() if isinstance(m, nn.Linear)]
    assert len(dense) == 20
    assert {layer.out_features for layer in dense[:-1]} == {64}


@pytest.mark.parametrize("name", NAMES)
def test_time_goes_with_the_depth(name):
    one, other = (seconds_per_item(make_problem(name, {"depth": d})) for d in (14, 56))
    assert other == pytest.approx(4 * one)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        *(("skip_mlp", {key: 0}) for key in ("train_images", "test_images", "depth", "width")),
        ("skip_mlp", {"data": "half"}),
        *(("skip_resnet", {"depth": depth}) for depth in (2, 9, 18)),
    ],
)
def test_impossible_settings_are_refused(name, settings):
    with pytest.raises(Exception, match=f"{name}: {next(iter(settings))}"):
        make_problem(name, settings)
