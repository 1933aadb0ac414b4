"""Closed-form Hessians of small networks against autograd of a loss written on its own."""

from __future__ import annotations

import doctest
import re
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from escaping_minima.landscape import curvature
from escaping_minima.landscape.curvature import (
    CLASSES,
    Signs,
    classify,
    eigenvalues,
    hessians,
    losses_and_gradients,
    portion_size,
    signs,
)
from escaping_minima.landscape.derivatives import passes
from escaping_minima.landscape.small_network import SmallNetwork
from escaping_minima.landscape.structural_rank import branches_of, structural_ranks

ARCHITECTURES = [(h, d) for h in (2, 4, 20) for d in (1, 2, 3)]
PARAMETERS = {(2, 1): 9, (2, 3): 21, (4, 3): 57, (20, 1): 81, (20, 2): 501, (20, 3): 921}


def module(network):
    sizes = [2, *[network.width] * network.depth]
    hidden = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.ELU())]
    return nn.Sequential(*hidden, nn.Linear(network.width, 1)).double()


def loss_of(network):
    """Return the loss as a function of all weights, by torch's own layers."""
    made = module(network)
    names = [name for name, _ in made.named_parameters()]
    shapes = [p.shape for p in made.parameters()]
    x, y = torch.tensor(network.inputs).double(), torch.tensor(network.targets).double()

    def loss(w):
        parts = w.split([shape.numel() for shape in shapes])
        given = {n: p.view(s) for n, p, s in zip(names, parts, shapes, strict=True)}
        z = torch.func.functional_call(made, given, (x,))[:, 0]
        return nn.functional.binary_cross_entropy_with_logits(z, y)

    return loss


def drawn(network, count, bound=1.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    unit = torch.rand(count, network.parameters, generator=generator, dtype=torch.float64)
    return bound * (2 * unit - 1)


def degenerate(network):
    """Return weights that are zero, saturated, of dead first units, and of one constant."""
    w = drawn(network, 4)
    w[0] = 0
    w[1] *= 100
    w[2, network.layers[0].matrix], w[2, network.layers[0].bias] = 0, -60
    w[3] = 0.5
    return w


@pytest.mark.parametrize(("width", "depth"), ARCHITECTURES)
def test_losses_gradients_and_hessians_are_those_of_autograd(width, depth):
    network = SmallNetwork(width, depth)
    assert network.parameters == PARAMETERS.get((width, depth), network.parameters)
    w = torch.cat([drawn(network, 2), degenerate(network)])[: 2 if width == 20 else 6]
    loss = loss_of(network)
    losses, gradients = losses_and_gradients(network, w)
    found = hessians(network, w)
    for row, point in enumerate(w):
        torch.testing.assert_close(losses[row], loss(point), rtol=1e-12, atol=1e-14)
        expected = torch.func.grad(loss)(point)
        torch.testing.assert_close(gradients[row], expected, rtol=1e-9, atol=1e-12)
        if width < 20 or depth == 1:
            expected = torch.func.hessian(loss)(point)
            largest = float(expected.abs().max())
            torch.testing.assert_close(
                found[row], expected, rtol=1e-9, atol=1e-12 * max(1, largest)
            )
        assert torch.equal(found[row], found[row].T)


def test_large_hessians_are_differences_of_gradients():
    network = SmallNetwork(20, 2)
    w, step = drawn(network, 1), 1e-5
    v = drawn(network, 1, seed=1)
    ahead, behind = (losses_and_gradients(network, w + s * v)[1] for s in (step, -step))
    expected = (ahead - behind)[0] / (2 * step)
    torch.testing.assert_close(hessians(network, w)[0] @ v[0], expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("width", "depth"), [(2, 1), (4, 2)])
def test_spectra_are_those_of_numpy_for_the_whole_and_for_each_tensor(width, depth):
    network = SmallNetwork(width, depth)
    w = torch.cat([drawn(network, 3), degenerate(network)])
    whole = hessians(network, w).numpy()
    full = eigenvalues(network, w).numpy()
    largest = np.abs(whole).max(axis=(1, 2))[:, None]
    assert (np.abs(full - np.linalg.eigvalsh(whole)) <= 1e-13 * largest).all()
    ends = np.cumsum([p.numel() for p in module(network).parameters()])
    expected = [
        np.linalg.eigvalsh(whole[:, a:b, a:b]) for a, b in zip([0, *ends], ends, strict=False)
    ]
    block = eigenvalues(network, w, "block").numpy()
    assert (np.abs(block - np.concatenate(expected, axis=1)) <= 1e-13 * largest).all()


def test_float32_has_exact_zeros_where_the_output_is_saturated():
    network = SmallNetwork(2, 1)
    w = drawn(network, 1).float()
    # bias of the output: p rounds to 1, so that nothing of two patterns is left
    w[0, -1] = 40
    found = passes(network, w.T.contiguous())
    assert found.curvatures.flatten().tolist() == [0, 0, 0, 0]
    assert found.errors.flatten().tolist() == [0.25, 0, 0, 0.25]
    double = passes(network, w.double().T.contiguous())
    assert double.curvatures.flatten().tolist() == [0, 0, 0, 0]
    w[0, -1] = 20
    assert passes(network, w.T.contiguous()).curvatures.flatten().tolist() == [0, 0, 0, 0]
    assert (passes(network, w.double().T.contiguous()).curvatures > 0).all()
    assert signs(eigenvalues(network, w, "block")).zero[0] >= 1


def test_signs_go_by_the_rule_for_zero():
    spectra = torch.tensor(
        [[-2.0, 0.0, 1e-7, 1.0], [1.0, 2.0, 3.0, 4.0], [torch.nan] * 4, [0.0] * 4]
    )
    exact, relative = signs(spectra), signs(spectra, 1e-6)
    assert [x.tolist() for x in exact] == [[1, 0, 0, 0], [1, 0, 0, 4], [2, 4, 0, 0]]
    assert [x.tolist() for x in relative] == [[1, 0, 0, 0], [2, 0, 0, 4], [1, 4, 0, 0]]


def test_classes_are_singular_first():
    counts = torch.tensor([[0, 0, 4], [4, 0, 0], [1, 0, 3], [1, 1, 2], [0, 1, 3], [0, 0, 0]])
    found = classify(Signs(*counts.T))
    assert [CLASSES[c] for c in found[:5]] == [
        "convex",
        "concave",
        "saddle",
        "singular",
        "singular",
    ]
    assert found[5] == -1
    assert found.dtype == torch.int8


def test_what_is_not_finite_or_does_not_converge_is_the_only_unknown(monkeypatch):
    network = SmallNetwork(2, 1)
    w = drawn(network, 3)
    expected = eigenvalues(network, w)
    w[1, 0] = torch.inf
    found = eigenvalues(network, w)
    assert found.isfinite().all(1).tolist() == [True, False, True]
    assert torch.equal(found[2], expected[2])

    def fails(matrices):
        raise torch.linalg.LinAlgError

    monkeypatch.setattr(torch.linalg, "eigvalsh", fails)
    torch.testing.assert_close(eigenvalues(network, w)[0], expected[0], rtol=1e-9, atol=1e-14)


def test_what_else_is_measured_decides_no_bit_of_a_row():
    network = SmallNetwork(4, 3)
    size = portion_size(network.parameters)
    w = drawn(network, size + 3)
    whole = eigenvalues(network, w)
    assert torch.equal(eigenvalues(network, w[:size]), whole[:size])
    assert torch.equal(eigenvalues(network, w[size:]), whole[size:])
    assert torch.equal(eigenvalues(network, w[: size - 5]), whole[: size - 5])


@pytest.mark.parametrize(("width", "depth"), [(2, 1), (2, 3), (4, 3), (20, 1), (20, 2)])
def test_structural_rank_is_what_numpy_counts_where_no_eigenvalue_is_small(width, depth):
    """On points whose spectrum has a gap; at 20 units it is far below the number of weights."""
    network = SmallNetwork(width, depth)
    w = drawn(network, 40 if width < 20 else 3)
    ranks = structural_ranks(network, branches_of(passes(network, w.T.contiguous())))
    spectra = np.abs(np.linalg.eigvalsh(hessians(network, w).numpy()))
    counted = (spectra > 1e-14 * spectra.max(1, keepdims=True)).sum(1)
    assert ranks.tolist() == counted.tolist()
    if (width, depth) == (20, 2):
        assert max(ranks) < 230


def test_dead_units_lower_the_rank():
    network = SmallNetwork(2, 1)
    w = degenerate(network)[2:3]
    branches = branches_of(passes(network, w.T.contiguous()))
    # only the output's three weights are left, of which a constant input ties all together
    assert structural_ranks(network, branches).tolist() == [1]


def test_impossible_networks_are_refused():
    with pytest.raises(ValueError, match="width 0"):
        SmallNetwork(0, 1)
    with pytest.raises(ValueError, match="4 patterns with 1"):
        SmallNetwork(2, 1, targets=(0.0,))


def test_examples_of_docstrings_run():
    found = doctest.testmod(curvature)
    assert found.attempted >= 5
    assert found.failed == 0


def test_the_example_of_the_documentation_runs(root, capsys):
    text = (root / "docs" / "landscape.md").read_text(encoding="utf-8")
    block, _ = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    torch.manual_seed(0)
    names = {}
    exec(block, names)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    # a larger tolerance makes more of them singular
    singular = [int(line.split("'singular': ")[1].rstrip("}")) for line in lines]
    assert singular == sorted(singular)
    assert singular[0] == 0 < singular[-1]
    expected = signs(names["spectra"], 1e-6)
    assert names["negative"].tolist() == expected.negative.tolist()
    assert names["zero"].tolist() == expected.zero.tolist()
