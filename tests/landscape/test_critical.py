"""Critical points, ways between minima and the tree of barriers, where they are known."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import torch
from scipy.cluster.hierarchy import cophenet, linkage
from scipy.spatial.distance import squareform

from escaping_minima.landscape.critical import find_critical, go_down, name_points
from escaping_minima.landscape.curvature import batch_first, signs
from escaping_minima.landscape.derivatives import lower_hessians, passes
from escaping_minima.landscape.disconnectivity import disconnectivity, joining_heights
from escaping_minima.landscape.small_network import SmallNetwork
from escaping_minima.landscape.smooth import hessians, smooth
from escaping_minima.landscape.stationary import stationary_points
from escaping_minima.landscape.ways import bend, highest, spread_evenly, straight_ways
from escaping_minima.parts.registry import make_problem

PLANES = ("himmelblau", "three_hump_camel", "six_hump_camel", "gentle_plane")
KINDS = ("minimum", "saddle", "maximum")


def box(problem, count, seed=0):
    low, high = (torch.tensor(side, dtype=torch.float64) for side in (problem.lower, problem.upper))
    generator = torch.Generator().manual_seed(seed)
    return low + (high - low) * torch.rand(count, len(low), generator=generator).double()


class Ring:
    """(|w|^2 - 1)^2 / 4: a maximum at 0, and a circle of minima, none of them alone."""

    def values(self, w):
        return (w.square().sum(1, keepdim=True) - 1).square() / 4

    def gradients(self, w):
        return (w.square().sum(1, keepdim=True) - 1) * w


@pytest.mark.parametrize("name", PLANES)
def test_every_stationary_point_of_the_plane_is_found_with_its_index(name):
    problem = make_problem(name, {})
    function = smooth(problem)
    found = find_critical(function, box(problem, 400), 100, 1e-10)
    w = found.w[found.norms <= 1e-10]
    assert len(w) > 200
    counts = signs(torch.linalg.eigvalsh(hessians(function, w)), 1e-6)
    kinds = [KINDS[index] for index in counts.negative.tolist()]
    known = [(p.kind, p.x, p.y) for p in stationary_points(problem)]
    seen = set()
    for (x, y), kind in zip(w.tolist(), kinds, strict=True):
        near = [i for i, (_, a, b) in enumerate(known) if math.hypot(x - a, y - b) < 1e-6]
        # searches also end outside of the box in which the others were looked for
        if near:
            assert known[near[0]][0] == kind
            seen.add(near[0])
    assert seen == set(range(len(known)))


def test_a_search_that_has_arrived_stays_and_one_without_a_root_does_not_say_it_arrived():
    problem = make_problem("himmelblau", {})
    at = torch.tensor([[3.0, 2.0]], dtype=torch.float64)
    found = find_critical(smooth(problem), at, 50, 1e-10)
    assert torch.equal(found.w, at)
    assert found.iterations.tolist() == [0]

    class Slope:
        def gradients(self, w):
            return torch.stack([w[:, 0], 1 + 0 * w[:, 0]], dim=1)

    found = find_critical(Slope(), torch.ones(1, 2, dtype=torch.float64), 30, 1e-10)
    assert found.norms.item() == pytest.approx(1.0)
    assert found.iterations.item() == 30
    assert found.w[0, 0].item() == pytest.approx(0.0, abs=1e-6)


def test_a_search_never_raises_the_norm():
    problem = make_problem("random_waves", {"dimension": 6})
    w = box(problem, 100)
    before = problem.gradients(w).norm(dim=1)
    for iterations in (1, 2, 4, 8):
        found = find_critical(problem, w, iterations, 1e-10)
        assert (found.norms <= before).all()
        torch.testing.assert_close(found.norms, problem.gradients(found.w).norm(dim=1))
        before = found.norms
    # steps that are not taken leave a search where it is
    still = find_critical(problem, w, 1, 1e-10).w.eq(w).all(1)
    assert 0 < still.sum() < 100


def test_a_search_reaches_points_that_are_not_alone():
    found = find_critical(Ring(), torch.tensor([[0.6, 0.9], [0.05, 0.0]]).double(), 60, 1e-10)
    assert found.w.norm(dim=1).tolist() == pytest.approx([1.0, 0.0], abs=1e-9)
    counts = signs(torch.linalg.eigvalsh(hessians(Ring(), found.w)), 1e-6)
    assert [c.tolist() for c in counts] == [[0, 2], [1, 0], [1, 0]]


def test_a_search_does_not_depend_on_those_beside_it():
    problem = make_problem("random_waves", {"dimension": 4})
    w = box(problem, 8)
    together = find_critical(problem, w, 60, 1e-10)
    alone = find_critical(problem, w[5:6], 60, 1e-10)
    torch.testing.assert_close(alone.w, together.w[5:6], rtol=0, atol=1e-8)


def test_differences_give_the_hessian_of_a_network():
    problem = make_problem("xor_sum", {"width": 4, "depth": 2})
    w = box(problem, 5)
    network = SmallNetwork(4, 2)
    lower = batch_first(lower_hessians(network, passes(network, w.T.contiguous()))).tril()
    exact = lower + lower.tril(-1).mT
    torch.testing.assert_close(hessians(problem, w), exact, rtol=1e-6, atol=1e-9)


def test_the_own_hessian_of_a_function_is_taken():
    waves = make_problem("random_waves", {"dimension": 4})
    w = box(waves, 3)
    assert torch.equal(hessians(waves, w), waves.hessians(w))
    plain = type("Plain", (), {"gradients": staticmethod(waves.gradients)})()
    torch.testing.assert_close(hessians(plain, w), waves.hessians(w), rtol=1e-6, atol=1e-8)


def test_descents_end_in_minima_and_lower():
    problem = make_problem("six_hump_camel", {})
    function = smooth(problem)
    w = box(problem, 60)
    ends = go_down(function, w, 2000, 1e-8)
    assert function.gradients(ends).norm(dim=1).max() <= 1e-8
    assert (function.values(ends) <= function.values(w)).all()
    minima = [(p.x, p.y) for p in stationary_points(problem) if p.kind == "minimum"]
    apart = torch.cdist(ends, torch.tensor(minima, dtype=torch.float64))
    assert apart.amin(1).max() < 1e-6
    assert len(set(apart.argmin(1).tolist())) == len(minima)
    # what has arrived does not move
    assert torch.equal(go_down(function, ends, 5, 1e-8), ends)


def test_points_have_the_name_of_the_first_one_that_is_near():
    w = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1e-5], [1.0, 1e-5], [2.0, 0.0]])
    assert name_points(w, 1e-4).tolist() == [0, 1, 0, 1, 4]
    assert name_points(w, 1e-6).tolist() == [0, 1, 2, 3, 4]


def test_the_second_example_of_the_documentation_runs(root):
    text = (root / "docs" / "landscape.md").read_text(encoding="utf-8")
    _, block = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    torch.manual_seed(0)
    names = {}
    exec(block, names)
    assert names["index"].unique().tolist() == [0, 1, 2, 3, 4, 5]
    assert len(names["tree"]) == 9
    heights = [merge.height for merge in names["tree"]]
    assert heights == sorted(heights)


# ------------------------------------------------------------------------------------- ways


def test_bent_ways_lead_over_the_passes_between_the_minima():
    """Each pair of neighbours is joined at a saddle, and no way lies below the lowest pass."""
    problem = make_problem("himmelblau", {})
    function = smooth(problem)
    points = stationary_points(problem)
    minima = torch.tensor([[p.x, p.y] for p in points if p.kind == "minimum"]).double()
    passes_ = sorted(p.value for p in points if p.kind == "saddle")
    first, second = np.triu_indices(4, 1)
    straight = straight_ways(minima[first], minima[second], 41)
    bent = bend(function, straight, 600, 1e-3)
    heights = highest(function, bent)
    assert (heights < highest(function, straight)).all()
    barriers = np.zeros((4, 4))
    barriers[first, second] = barriers[second, first] = heights.numpy()
    merges = disconnectivity(np.zeros(4), barriers)
    # the three lowest of four passes join four minima that lie in a ring
    assert [m.height for m in merges] == pytest.approx(passes_[:3], rel=2e-3)
    assert torch.equal(bent[:, 0], minima[first])
    assert torch.equal(bent[:, -1], minima[second])


def test_a_way_steers_around_the_well_of_the_plane():
    problem = make_problem("gentle_plane", {})
    function = smooth(problem)
    begin, end = (torch.tensor([place]).double() for place in ([2.0, 0.3], [9.0, 0.0]))
    straight = straight_ways(begin, end, 21)
    way = torch.cat([straight[0, :1], straight[0, 1:-1] + torch.tensor([0.0, 1.5]), end])
    bent = bend(function, way.unsqueeze(0), 400, 0.1)
    # past the well there is no pass: nothing is higher than the start
    assert highest(function, bent).item() == pytest.approx(function.values(begin).item())
    axis = straight_ways(torch.tensor([[4.0677, 0.0]]).double(), end, 21)
    assert highest(function, axis).item() == pytest.approx(0.9049843, abs=1e-3)


def test_images_are_spread_at_equal_distances():
    ways = torch.tensor([[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [1.0, 4.0]]]).double()
    even = spread_evenly(ways)
    expected = [[0.0, 0.0], [1.0, 2 / 3], [1.0, 7 / 3], [1.0, 4.0]]
    torch.testing.assert_close(even[0], torch.tensor(expected).double())
    still = torch.zeros(1, 4, 2, dtype=torch.float64)
    assert torch.equal(spread_evenly(still), still)


# ------------------------------------------------------------------------------------- tree


def test_a_tree_of_barriers_is_the_one_drawn_by_hand():
    depths = np.array([0.0, 1.0, 0.5, 2.0])
    barriers = np.full((4, 4), 9.0)
    for a, b, height in ((0, 1, 3.0), (2, 3, 2.5), (1, 2, 6.0), (0, 3, 5.0)):
        barriers[a, b] = barriers[b, a] = height
    merges = disconnectivity(depths, barriers)
    assert [(m.height, m.left, m.right) for m in merges] == [(2.5, 2, 3), (3.0, 0, 1), (5.0, 5, 4)]
    joined = joining_heights(4, merges)
    assert joined[1, 2] == joined[0, 3] == 5.0
    assert joined[0, 1] == 3.0
    assert np.isneginf(np.diag(joined)).all()


def test_minima_are_joined_where_single_linkage_joins_them():
    rng = np.random.default_rng(5)
    condensed = rng.random(45)
    barriers = squareform(condensed)
    joined = joining_heights(10, disconnectivity(rng.random(10), barriers))
    np.fill_diagonal(joined, 0.0)
    np.testing.assert_array_equal(squareform(joined), cophenet(linkage(condensed, "single")))
