"""The number of replicates that an inconclusive claim names."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from escaping_minima.statistics.comparison import Comparison
from escaping_minima.statistics.evidence import Verdict
from escaping_minima.statistics.families import AnyOf, Member, Setting
from escaping_minima.statistics.intervals import Share
from escaping_minima.statistics.means import MeanComparison
from escaping_minima.statistics.power import replicates_needed
from escaping_minima.statistics.verdicts import judge_family


def part(count, trials=10_000, margin=0.05):
    return Comparison(Share(count, trials), 0.5, "greater", margin)


def swept(*settings):
    return Member("claim", tuple(Setting(str(i), tuple(p)) for i, p in enumerate(settings)))


def member(*parts, name="claim"):
    return Member(name, (Setting("only", parts),))


def judge(claim):
    return judge_family([claim])[0]


YES, NO, OPEN = part(5900), part(5000), part(27, trials=50)
HARDER = part(27, trials=50, margin=0.03)


def test_one_open_part_needs_its_power_at_the_first_level_of_the_family():
    judgement = judge_family([member(OPEN), member(NO, name="other")], block=90)[0]
    assert judgement.needed == replicates_needed(OPEN, 0.025, 0.8, 90)
    assert f"takes {judgement.needed:,} replicates" in judgement.reason
    assert judgement.needed_range is None


def test_all_that_is_open_needs_its_power_together():
    assert judge(member(OPEN, HARDER)).needed == replicates_needed(HARDER, 0.05, 0.9)
    assert judge(swept([OPEN], [HARDER])).needed == replicates_needed(HARDER, 0.05, 0.9)
    four = swept([OPEN, HARDER], [YES, OPEN], [YES], [OPEN])
    assert judge(four).needed == replicates_needed(HARDER, 0.05, 0.95)


def test_a_setting_that_cannot_hold_with_the_others_needs_the_level_of_a_setting():
    judgement = judge(swept([NO], [OPEN, YES], [NO]))
    assert judgement.settings[1].level == pytest.approx(0.05 / 3)
    assert judgement.needed == replicates_needed(OPEN, 0.05 / 3, 0.8)


def test_whichever_statement_of_a_union_is_true_must_be_seen():
    judgement = judge(member(AnyOf("either", (OPEN, HARDER, NO))))
    assert judgement.needed == replicates_needed(HARDER, 0.05 / 3, 0.8)
    assert judge(member(AnyOf("either", (OPEN, NO)))).needed == replicates_needed(OPEN, 0.025, 0.8)


def test_no_number_is_needed_where_the_power_was_there():
    powered = Comparison(Share(50_450, 100_000), 0.5, "equal", 0.0055)
    assert replicates_needed(powered, 0.05) <= 100_000
    judgement = judge(member(powered))
    assert (judgement.verdict, judgement.needed) == (Verdict.INCONCLUSIVE, None)
    assert "already" in judgement.reason


def test_no_number_is_given_where_none_decides():
    too_fine = Comparison(Share(50, 100), 0.5, "equal", 0.0002)
    judgement = judge(member(too_fine))
    assert (judgement.verdict, judgement.needed) == (Verdict.INCONCLUSIVE, None)
    assert "no practicable number" in judgement.reason


def runs(*values, direction="greater", margin=0.5):
    return MeanComparison(values, direction, margin)


@pytest.mark.parametrize(
    "values", [(0.9, -0.4), (0.9, -0.4, 0.6), (0.9, -0.4, 0.6, 0.1)], ids=["2", "3", "4"]
)
def test_few_runs_name_a_range(values):
    """From the ends of the 80 percent interval of their standard deviation."""
    judgement = judge_family([member(runs(*values))], block=1)[0]
    n, sd = len(values), np.std(values, ddof=1)
    expected = []
    for quantile in (0.9, 0.1):
        spread = sd * np.sqrt((n - 1) / stats.chi2.ppf(quantile, n - 1))
        exactly = np.array([-1.0, 1.0]) * spread / np.sqrt(2)
        expected.append(replicates_needed(runs(*exactly), 0.05, 0.8, 1))
    assert judgement.needed is None
    assert judgement.needed_range == tuple(expected)
    assert f"takes {expected[0]:,} to {expected[1]:,} replicates" in judgement.reason


def test_five_runs_name_a_number():
    judgement = judge_family([member(runs(0.9, -0.4, 0.6, 0.1, -0.2))], block=1)[0]
    assert judgement.needed > 5
    assert judgement.needed_range is None


def test_the_range_holds_the_spread_in_eighty_percent_of_cases():
    rng = np.random.default_rng(8)
    inside, draws = 0, 2000
    for row in rng.normal(0.0, 1.0, (draws, 3)):
        low, high = (np.std(r.differences, ddof=1) for r in runs(*row).plan_range)
        inside += low <= 1.0 <= high
    assert inside / draws == pytest.approx(0.8, abs=4 * (0.8 * 0.2 / draws) ** 0.5)


def test_runs_without_a_spread_name_nothing():
    claim = Member("x", (Setting("only", (runs(0.1, 0.1, 0.1), part(27, trials=50))),))
    judgement = judge_family([claim], block=1)[0]
    assert (judgement.needed, judgement.needed_range) == (None, None)
    assert "no spread" in judgement.reason
