"""A verdict's distance from another: against closed forms, and against judging again."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from escaping_minima.statistics import verdicts
from escaping_minima.statistics.comparison import Comparison
from escaping_minima.statistics.evidence import Verdict
from escaping_minima.statistics.families import AnyOf, Member, Setting
from escaping_minima.statistics.intervals import Share
from escaping_minima.statistics.levels import claim_numbers, verdict_in_family
from escaping_minima.statistics.means import MeanComparison
from escaping_minima.statistics.nearness import LEVELS, _rough_numbers, nearness
from escaping_minima.statistics.needed import NamedSize
from escaping_minima.statistics.verdicts import judge_family

#: Differences of five pairs of runs: mean 1.2, standard deviation 0.2345.
FIVE = (0.9, 1.1, 1.2, 1.3, 1.5)


def means(direction, values=FIVE, margin=2.0, threshold=0.0, within_margin=False):
    return MeanComparison(
        tuple(values), direction, margin, threshold=threshold, within_margin=within_margin
    )


def single(*parts, name="claim"):
    return Member(name, (Setting("one setting", parts),))


def near(part, without=None):
    others = {name: [single(found)] for name, found in (without or {}).items()}
    (found,) = nearness([single(part)], others)
    return found


def t_bounds(values, tail):
    half = stats.t.isf(tail, len(values) - 1) * stats.sem(values)
    return np.mean(values) - half, np.mean(values) + half


def random_part(rng):
    direction = str(rng.choice(["greater", "less", "equal"]))
    if rng.random() < 0.5:
        values = rng.normal(rng.choice([-1.0, 0.0, 0.5, 1.0, 2.0]), rng.choice([0.1, 0.5]), 5)
        return means(direction, values, 1.0)
    counts = (int(rng.binomial(500, p)) for p in rng.choice([0.05, 0.1, 0.2], 2))
    return Comparison(*(Share(n, 500) for n in counts), direction, 0.05)


def random_setting(rng, label):
    if rng.random() < 0.1:
        return Setting(label, (), "nothing ran there")
    parts = [random_part(rng) for _ in range(rng.integers(1, 4))]
    if rng.random() < 0.2:
        parts.append(AnyOf("any", tuple(random_part(rng) for _ in range(rng.integers(1, 4)))))
    return Setting(label, tuple(parts))


def random_family(rng):
    members = []
    for index in range(rng.integers(1, 6)):
        labels = [f"setting {k}" for k in range(rng.choice([1, 1, 3]))]
        settings = tuple(random_setting(rng, label) for label in labels)
        untested = "too few" if rng.random() < 0.1 else None
        members.append(Member(f"claim {index}", settings, (), untested))
    return members


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_margin_that_is_allowed_moves_the_threshold(sign):
    """Not lower by 2 of a mean of -1.2: open at the margin at which t reaches the mean."""
    direction = "greater" if sign < 0 else "less"
    values = [sign * value + sign * -2.0 for value in FIVE]
    found = near(means(direction, values, margin=2.0, threshold=sign * 2.0, within_margin=True))
    assert (found.verdict, found.margin_decides) == (Verdict.REPRODUCED, True)
    changed = found.margin.at * 2.0
    assert changed == pytest.approx(t_bounds(FIVE, 0.025)[1], rel=1e-2)
    assert found.margin.verdict is Verdict.INCONCLUSIVE


def test_numbers_alone_give_the_verdicts_of_the_family_exact_or_rough(monkeypatch):
    # the search for a sample size takes longest and decides nothing
    monkeypatch.setattr(verdicts, "named_size", lambda *_: NamedSize(""))
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(150):
        members = random_family(rng)
        judged = [j.verdict for j in judge_family(members, 0.05)]
        exact = [claim_numbers(member) for member in members]
        rough = _rough_numbers(members, 0.05)
        for index, verdict in enumerate(judged):
            assert verdict_in_family(exact, index, 0.05) is verdict
            assert verdict_in_family(rough, index, 0.05) is verdict
            seen.add(verdict)
    assert seen == set(Verdict)


def test_an_equality_stops_holding_at_the_margin_that_its_interval_touches():
    low, high = t_bounds(FIVE, 0.05)
    found = near(means("equal"))
    assert (found.verdict, found.margin.verdict) == (Verdict.REPRODUCED, Verdict.INCONCLUSIVE)
    assert 2.0 * found.margin.at == pytest.approx(max(-low, high), rel=1e-3)


def test_an_equality_that_fails_is_open_from_the_margin_that_its_interval_touches():
    found = near(means("equal", margin=0.5))
    # decided against by two sides, which share the level
    assert (found.verdict, found.margin.verdict) == (Verdict.NOT_REPRODUCED, Verdict.INCONCLUSIVE)
    assert 0.5 * found.margin.at == pytest.approx(t_bounds(FIVE, 0.025)[0], rel=1e-3)


def test_an_order_that_holds_depends_on_the_level_alone():
    values = (0.1, 0.7, 1.2, 1.7, 2.3)
    found = near(means("greater", values))
    p = stats.ttest_1samp(values, 0.0).pvalue
    assert 0.001 < p < 0.05
    assert found.verdict is Verdict.REPRODUCED
    assert found.margin_decides
    assert found.margin is None
    assert found.level.at == pytest.approx(p, rel=1e-3)
    assert found.level.at < p
    assert found.level.verdict is Verdict.INCONCLUSIVE


def test_an_order_that_fails_is_open_from_the_smaller_margin_that_its_interval_touches():
    found = near(means("greater", [v - 1.2 for v in FIVE], margin=0.4))
    assert (found.verdict, found.margin.verdict) == (Verdict.NOT_REPRODUCED, Verdict.INCONCLUSIVE)
    assert 0.4 * found.margin.at == pytest.approx(t_bounds(FIVE, 0.025)[1] - 1.2, rel=1e-3)


@pytest.mark.parametrize(
    ("direction", "threshold", "margin"),
    [("greater", 5.0, 2.0), ("greater", 5.0, 5.0), ("less", 5.0, 5.0), ("greater", -5.0, 5.0)],
)
def test_a_threshold_with_the_margin_in_it_leaves_no_margin_to_decide(direction, threshold, margin):
    """Nor does one that a claim names and that is as large as the margin."""
    found = near(means(direction, [v - 1.2 for v in FIVE], margin, threshold))
    assert not found.margin_decides
    assert found.margin is None


def test_a_margin_moves_for_one_claim_while_the_others_stand():
    """The equality's level is 0.05 / 2 until the other claim is reproduced, which never changes."""
    order = single(means("greater"), name="order")
    equal, other = nearness([single(means("equal")), order], {})[0], means("equal")
    assert 2.0 * equal.margin.at == pytest.approx(t_bounds(FIVE, 0.05)[1], rel=1e-3)
    open_order = single(means("greater", (-2.0, -1.0, 0.0, 1.0, 2.0)), name="open")
    equal = nearness([single(other), open_order], {})[0]
    assert 2.0 * equal.margin.at == pytest.approx(t_bounds(FIVE, 0.025)[1], rel=1e-3)


def test_runs_without_which_the_verdict_is_another_are_named():
    values = (1.0, 1.1, 0.9, 1.0, -0.2)
    without = {
        f"seed {k}": means("greater", [v for i, v in enumerate(values) if i != k]) for k in range(5)
    }
    found = near(means("greater", values), without)
    p = [stats.ttest_1samp(w.differences, 0.0).pvalue for w in without.values()]
    assert found.verdict is Verdict.REPRODUCED
    assert found.left_out == tuple(without)
    assert [name for name, _ in found.without] == [f"seed {k}" for k in range(5) if p[k] > 0.05]
    assert 0 < len(found.without) < 5


def test_what_is_clear_is_near_nothing():
    counts = Share(2500, 5000), Share(500, 5000)
    found = near(Comparison(*counts, "greater", 0.05))
    assert (found.verdict, found.margin, found.level) == (Verdict.REPRODUCED, None, None)
    assert min(LEVELS) > 1e-100


def test_nothing_is_near_an_untested_claim():
    untested = Member("claim", (), (), "too few")
    assert nearness([untested, single(means("greater"))], {})[0] is None
