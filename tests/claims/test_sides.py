"""Values by replicate become the comparison that a part asks for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from escaping_minima.claims import sides
from escaping_minima.claims.comparable import check_comparable
from escaping_minima.claims.grammar import Part
from escaping_minima.claims.sides import Values, differences
from escaping_minima.errors import UserError
from escaping_minima.statistics.comparison import Comparison
from escaping_minima.statistics.intervals import Share
from escaping_minima.statistics.means import MeanComparison


def side(values, ids=None, design="starts", **more):
    values = np.asarray(values, dtype=float)
    return Values(values, np.arange(len(values)) if ids is None else np.array(ids), design, **more)


def part(relation, right=None, margin=5.0, compared="difference"):
    return Part({}, relation, {} if right is None else right, margin, compared)


def compare(*of, level=0.05):
    return sides.compare(*of, level)


RNG = np.random.default_rng(4)
OURS = side(RNG.integers(0, 2, 400), share=True)
THEIRS = side(RNG.integers(0, 2, 400), share=True)


def test_a_share_against_a_number_is_of_all_replicates():
    found = compare(part(">", 50.0), "x", OURS, 50.0)
    n = int(OURS.values.sum())
    expected = Comparison(Share(n, 400), 0.5, "greater", 0.05, "x", replicates=400)
    assert found.evidence == expected
    assert found.complete


def test_shares_of_one_design_are_paired_by_replicate():
    found = compare(part("="), "x", OURS, THEIRS).evidence
    more = int(((OURS.values == 1) & (THEIRS.values == 0)).sum())
    less = int(((OURS.values == 0) & (THEIRS.values == 1)).sum())
    assert (found.left, found.right) == (Share(more, 400), Share(less, 400))
    assert found.paired
    assert found.difference == pytest.approx((OURS.values - THEIRS.values).mean())


def test_pairing_is_by_id_not_by_place():
    order = RNG.permutation(400)
    shuffled = side(THEIRS.values[order], ids=order, share=True)
    assert compare(part("="), "x", OURS, shuffled) == compare(part("="), "x", OURS, THEIRS)
    first = side([5.0, 6.0, 7.0], ids=[2, 0, 1])
    second = side([1.0, 2.0, 4.0], ids=[0, 1, 3])
    assert differences(first, second, ratio=False) == pytest.approx(
        [5.0, 5.0, np.nan, np.nan], nan_ok=True
    )


@pytest.mark.parametrize(
    ("ours", "theirs", "compared", "found"),
    [
        (side([3, 1, 2], ids=[1, 2, 3]), side([1, 1], ids=[3, 1]), "difference", (2, 3)),
        (side([3, 1, 2], ids=[1, 2, 3]), side([1, 1], ids=[3, 4]), "signs", (1, 4)),
        (side([1, 1, 0], share=True), side([1, 0, 0, 1], share=True), "difference", (3, 4)),
        (
            side([1, 1, 0], share=True, pool=np.array([True, True, False])),
            side([1, 0, 0, 1], share=True),
            "difference",
            (3, 4),
        ),
        (
            side([1, 2, 3], clusters=np.array([7, 7, 8])),
            side([1, 2, 3], clusters=np.array([7, 7, 9])),
            "difference",
            (1, 3),
        ),
    ],
)
def test_what_one_side_alone_has_is_missing_from_the_other(ours, theirs, compared, found):
    for left, right in ((ours, theirs), (theirs, ours)):
        result = compare(part(">", compared=compared), "x", left, right)
        assert (result.values, result.replicates, result.complete) == (*found, False)


CLUSTERS = np.array([1, 1, 2])


@pytest.mark.parametrize(
    ("ours", "theirs", "compared", "said"),
    [
        ({}, {"design": "other starts"}, "difference", "'starts' and 'other starts', which share"),
        ({}, {"design": "other starts"}, "signs", "which share no draws; allowed: sides of one"),
        (
            {"share": True, "clusters": CLUSTERS},
            {"share": True, "clusters": CLUSTERS, "design": "other starts"},
            "difference",
            "which share no draws",
        ),
        ({"clusters": CLUSTERS}, {}, "difference", "replicates of one side are in clusters"),
        (
            {"share": True},
            {"share": True, "clusters": CLUSTERS},
            "difference",
            "replicates of one side are in clusters",
        ),
        ({"share": True}, {}, "difference", "one side is a share and the other is none"),
        ({}, {"share": True}, "ratio", "one side is a share and the other is none"),
    ],
)
def test_what_does_not_belong_together_is_not_compared(ours, theirs, compared, said):
    left, right = side([1, 0, 1], **ours), side([1, 0, 1], **theirs)
    with pytest.raises(UserError, match=said) as caught:
        check_comparable(part(">", compared=compared), left, right, "claim T01: a > b")
    assert str(caught.value).startswith("claim T01: a > b: ")
    check_comparable(part(">"), left, left, "claim T01")


def test_shares_of_two_designs_belong_together():
    check_comparable(part(">"), OURS, replace(THEIRS, design="other starts"), "claim T01")


def test_shares_of_two_designs_are_not_paired():
    other = side(THEIRS.values, design="other starts", share=True)
    found = compare(part("<"), "x", OURS, other).evidence
    assert (found.left.trials, found.right.trials, found.paired) == (400, 400, False)


def test_a_share_among_a_pool_counts_the_pool_alone():
    pool = RNG.random(400) < 0.3
    ours = side(OURS.values, share=True, pool=pool)
    found = compare(part(">", 50.0), "x", ours, 50.0).evidence
    assert found.left == Share(int(OURS.values[pool].sum()), int(pool.sum()))
    assert found.replicate_count == 400
    nobody = side(OURS.values, share=True, pool=np.zeros(400, dtype=bool))
    assert compare(part(">", 50.0), "x", nobody, 50.0).evidence.left == Share(0, 1)


@pytest.mark.parametrize(("relation", "sign"), [(">=", -1), ("<=", 1)])
def test_what_is_not_lower_may_be_so_by_less_than_the_margin(relation, sign):
    plain = compare(part(relation[0]), "x", OURS, THEIRS).evidence
    found = compare(part(relation), "x", OURS, THEIRS).evidence
    assert found.difference == pytest.approx(plain.difference - sign * 0.05)
    assert found.difference_bounds(0.02) == pytest.approx(
        [bound - sign * 0.05 for bound in plain.difference_bounds(0.02)]
    )
    assert (found.slack, found.threshold) == (0.0, sign * 0.05)
    means = compare(part(relation, compared="ratio"), "x", side([1, 2, 4]), side([2, 2, 2]))
    logs = 100 * np.log([0.5, 1, 2]) - sign * 5
    assert means.evidence.differences == pytest.approx(tuple(logs))
    assert (means.evidence.slack, means.evidence.threshold) == (0.0, sign * 5)
    assert (found.beyond, means.evidence.beyond) == (sign * 0.05, sign * 5)


@pytest.mark.parametrize("threshold", [5.0, -5.0])
@pytest.mark.parametrize("relation", ["<", ">"])
def test_a_number_as_large_as_the_margin_is_not_the_margin(relation, threshold):
    found = compare(part(relation, threshold), "x", side([1.0, 2.0, 4.0]), threshold).evidence
    assert (found.margin, found.threshold, found.beyond) == (5.0, threshold, 0.0)


def test_signs_count_the_replicates_with_more_and_with_fewer():
    ours, theirs = side([3, 1, 2, 2, 5]), side([1, 2, 2, 1, 2])
    found = compare(part(">", compared="signs"), "x", ours, theirs).evidence
    assert (found.left, found.right, found.paired) == (Share(3, 5), Share(1, 5), True)
    trend = compare(part(">", 0.0, compared="signs"), "x", side([0.5, -1, 0, 2]), 0.0).evidence
    assert (trend.left, trend.right) == (Share(2, 4), Share(1, 4))


def test_means_are_of_differences_or_of_values_less_a_number():
    ours, theirs = side([3.0, 5.0, 4.0], ids=[1, 2, 3]), side([1.0, 1.0], ids=[3, 1])
    found = compare(part(">"), "x", ours, theirs).evidence
    assert found == MeanComparison((2.0, 3.0), "greater", 5.0, "x")
    against = compare(part(">", 2.0), "x", ours, 2.0).evidence
    assert against.differences == (1.0, 3.0, 2.0)
    assert (against.threshold, against.slack) == (2.0, 0.0)


def test_replicates_without_a_value_are_counted():
    found = compare(part("<", compared="ratio"), "x", side([0.0, 2.0, 3.0]), side([1.0, 1.0, 1.0]))
    assert (found.values, found.replicates, found.complete) == (2, 3, False)
    assert len(found.evidence.differences) == 2
    none = compare(part("<", 1.0), "x", side([np.nan, np.nan]), 1.0)
    assert (none.evidence, none.complete) == (None, False)
    share = compare(part("<", 50.0), "x", side([np.nan, 1.0], share=True), 50.0)
    assert (share.values, share.replicates, share.evidence.left) == (1, 2, Share(1, 1))


def test_replicates_of_one_cluster_count_once():
    clusters = np.repeat([7, 8, 9], [1, 2, 3])
    values = [1.0, 2.0, 4.0, 1.0, 1.0, 4.0]
    found = compare(part(">", 0.0), "x", side(values, clusters=clusters), 0.0).evidence
    assert found.differences == pytest.approx((1.0, 3.0, 2.0))
    expected = stats.ttest_1samp([1.0, 3.0, 2.0], 0.0).confidence_interval(0.9)
    assert found.difference_bounds(0.05) == pytest.approx([expected.low, expected.high])
    share = side([1, 1, 0, 1, 0, 0], share=True, clusters=clusters)
    points = compare(part(">", 50.0), "x", share, 50.0).evidence
    assert points.differences == pytest.approx((50.0, 0.0, 100 / 3 - 50))
    assert points.unit == "points of share"
    pool = np.array([False, True, True, True, True, False])
    among = compare(
        part(">", 50.0),
        "x",
        side([1, 1, 0, 1, 0, 0], share=True, clusters=clusters, pool=pool),
        50.0,
    )
    assert (among.values, among.replicates) == (2, 3)


def test_a_known_number_has_no_error():
    found = compare(part("=", 7.0, 1.0), "x", side([7.0], known=True), 7.0).evidence
    assert (found.known, found.difference_bounds(0.01)) == (True, (0.0, 0.0))
