"""Networks against those of torchvision on equal weights, in float64."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from escaping_minima.draws.dropout import NamedDropout
from escaping_minima.parts.registry import make_problem
from escaping_minima.problems.networks.bottleneck import bottleneck_resnet
from escaping_minima.problems.networks.resnet import RESNET34, resnet
from escaping_minima.problems.networks.vgg import vgg16

CONVOLUTIONS, NORMS, DENSE = nn.Conv2d, nn.BatchNorm2d, nn.Linear
#: Layers of VGG16 behind its convolutions.
VGG_HEAD = 5
RESNET50 = (3, 4, 6, 3)


@pytest.fixture(scope="module")
def models(load_module):
    return load_module(Path(__file__).with_name("torchvision_models.py")).models


def counted(network, *kinds):
    layers = [layer for layer in network.modules() if isinstance(layer, kinds)]
    return sum(p.numel() for layer in layers for p in layer.parameters(recurse=False))


def shuffled(network):
    """Give a network weights and running statistics of which none is 0 or 1, in float64."""
    torch.manual_seed(5)
    for layer in network.modules():
        if isinstance(layer, NORMS):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias)
            layer.running_mean.normal_()
            layer.running_var.uniform_(0.5, 1.5)
    return network.double()


def copied(theirs, ours):
    """Give a network what another one has, in the order of its layers."""
    own = theirs.state_dict()
    pairs = list(zip(own.items(), ours.state_dict().values(), strict=True))
    assert all(value.shape == other.shape for (_, value), other in pairs)
    theirs.load_state_dict({name: other for (name, _), other in pairs})
    return theirs.double()


def assert_same(ours, theirs, images):
    """Compare outputs and running statistics, in inference and in training mode."""
    for training in (False, True):
        ours.train(training)
        theirs.train(training)
        with torch.no_grad():
            found, wanted = ours(images), theirs(images)
        assert wanted.std() > 1e-3
        torch.testing.assert_close(found, wanted.view_as(found), rtol=0, atol=1e-10)
    pairs = zip(ours.buffers(), theirs.buffers(), strict=True)
    for found, wanted in pairs:
        torch.testing.assert_close(found, wanted, rtol=0, atol=1e-10)


def some_images(count=3, channels=3):
    generator = torch.Generator().manual_seed(7)
    return torch.randn(count, channels, 32, 32, generator=generator, dtype=torch.float64)


def test_vgg16_has_the_parameters_of_the_paper_part_by_part():
    network = vgg16(10)
    assert counted(network, CONVOLUTIONS) == 14_710_464 + 4_224
    assert counted(network, NORMS) == 2 * 4_224
    assert counted(network, DENSE) == 512 * 100 + 100 + 100 * 10 + 10
    assert sum(p.numel() for p in network.parameters()) == 14_775_446
    assert len([m for m in network.modules() if isinstance(m, CONVOLUTIONS)]) == 13


def test_resnet34_has_the_parameters_of_the_paper_part_by_part():
    network = resnet(RESNET34, 10)
    assert counted(network, NORMS) == 17_024
    assert counted(network, DENSE) == 512 * 10 + 10
    assert sum(p.numel() for p in network.parameters()) == 21_282_122
    convolutions = [m for m in network.modules() if isinstance(m, CONVOLUTIONS)]
    # the stem, two a block, and three shortcuts
    assert len(convolutions) == 1 + 2 * sum(RESNET34) + 3
    assert all(layer.bias is None for layer in convolutions)


@pytest.mark.parametrize(
    ("data_set", "classes", "count"), [("cifar-10", 10, 23_520_842), ("cifar-100", 100, 23_705_252)]
)
def test_resnet50_has_the_parameters_of_that_of_torchvision(models, data_set, classes, count):
    with torch.device("meta"):
        network = make_problem("resnet50", {"data_set": data_set}).network()
        theirs = models.resnet50(num_classes=classes)
    assert sum(p.numel() for p in network.parameters()) == count
    # of 7 x 7 pixels in their stem, 9 are left
    stem = 64 * 3 * (49 - 9)
    assert sum(p.numel() for p in theirs.parameters()) - stem == count
    assert counted(network, DENSE) == 2048 * classes + classes
    convolutions = [m for m in network.modules() if isinstance(m, CONVOLUTIONS)]
    # the stem, three a block, and four shortcuts
    assert len(convolutions) == 1 + 3 * sum(RESNET50) + 4
    assert all(layer.bias is None for layer in convolutions)


def test_vgg16_is_that_of_torchvision_up_to_its_head(models):
    ours = shuffled(vgg16(10))[:-VGG_HEAD]
    theirs = copied(models.vgg16_bn().features, ours)
    assert_same(ours, theirs, some_images())


def test_the_head_of_vgg16_is_two_dense_layers():
    network = vgg16(10, 16).double().eval()
    images = some_images()
    first, dropout, last = network[-4], network[-2], network[-1]
    assert (dropout.rate, type(dropout)) == (0.5, NamedDropout)
    assert (first.in_features, first.out_features, last.in_features) == (32, 100, 100)
    with torch.no_grad():
        hidden = network[:-VGG_HEAD](images).flatten(1) @ first.weight.T + first.bias
        wanted = hidden.clamp(min=0) @ last.weight.T + last.bias
        torch.testing.assert_close(network(images), wanted, rtol=0, atol=1e-12)


def with_a_small_stem(network):
    """Bring a ResNet of torchvision into the form for small images."""
    network.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    network.maxpool = nn.Identity()
    return network


@pytest.mark.parametrize(("blocks", "name"), [(RESNET34, "resnet34"), ((2, 2, 2, 2), "resnet18")])
def test_residual_networks_are_those_of_torchvision_but_for_the_stem(models, blocks, name):
    ours = shuffled(resnet(blocks, 10))
    theirs = copied(with_a_small_stem(getattr(models, name)(num_classes=10)), ours)
    assert_same(ours, theirs, some_images())


def test_resnet50_is_that_of_torchvision_but_for_the_stem(models):
    ours = shuffled(bottleneck_resnet(RESNET50, 10))
    theirs = copied(with_a_small_stem(models.resnet50(num_classes=10)), ours)
    assert_same(ours, theirs, some_images())


def test_fewer_blocks_are_those_of_torchvision(models):
    blocks = (1, 3, 2, 1)
    with torch.device("meta"):
        ours = make_problem("resnet50", {"blocks": blocks}).network()
        theirs = models.ResNet(models.resnet.Bottleneck, list(blocks), num_classes=10)
    shapes = [value.shape for value in with_a_small_stem(theirs).state_dict().values()]
    assert [value.shape for value in ours.state_dict().values()] == shapes


@pytest.mark.parametrize("name", ["vgg16", "resnet34", "resnet50"])
def test_a_divisor_divides_channels_and_nothing_else(name):
    whole = make_problem(name, {}).network()
    part = make_problem(name, {"divisor": 16}).network()
    for large, small in zip(whole.modules(), part.modules(), strict=True):
        if isinstance(large, CONVOLUTIONS):
            assert small.out_channels * 16 == large.out_channels
            assert small.in_channels == (3 if large.in_channels == 3 else large.in_channels // 16)
        if isinstance(large, DENSE):
            same = large.in_features == 100
            assert small.in_features == (100 if same else large.in_features // 16)
            assert small.out_features == large.out_features


@pytest.mark.parametrize("name", ["vgg16", "resnet34", "resnet50"])
def test_grey_images_are_copied_to_three_channels(name):
    colour = make_problem(name, {"divisor": 16}).network().double().eval()
    grey = make_problem(name, {"divisor": 16, "data_set": "fashion-mnist"}).network()
    grey = copied(grey, colour).eval()
    images = some_images(channels=1)
    assert torch.equal(grey[0](images), torch.cat([images] * 3, 1))
    with torch.no_grad():
        wanted = colour(torch.cat([images] * 3, 1))
        torch.testing.assert_close(grey(images), wanted, rtol=0, atol=1e-12)
