"""Every branch of a family's verdicts by hand, and the rate of false ones on planted data."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from escaping_minima.statistics import verdicts
from escaping_minima.statistics.comparison import Comparison
from escaping_minima.statistics.decision import decide, p_value, verdict_at
from escaping_minima.statistics.intervals import Share
from escaping_minima.statistics.power import replicates_needed
from escaping_minima.statistics.verdicts import Member, Setting, Verdict, judge_family

TRIALS = 10_000


def part(count, direction="greater", label="", trials=TRIALS):
    return Comparison(Share(count, trials), 0.5, direction, 0.05, label)


def part_with_p(low, high, trials=1500):
    """A part "greater than a half" with a p-value between two numbers.

    With 1,500 trials it is inconclusive at smaller levels; with 10,000 the margin is excluded.
    """
    for count in range(trials // 2, trials):
        candidate = part(count, trials=trials)
        if low < p_value(candidate) < high:
            return candidate
    raise AssertionError("no count has such a p-value")


def part_against_between(weak, strong):
    """A part that is not reproduced at the level `weak`, and open at `strong`."""
    for count in range(5200, 5400):
        undecided = Comparison(Share(count, TRIALS), 0.5, "equal", 0.02)
        if (
            verdict_at(undecided, weak) is Verdict.NOT_REPRODUCED
            and verdict_at(undecided, strong) is Verdict.INCONCLUSIVE
        ):
            return undecided
    raise AssertionError("no count is so")


YES, SLIGHT, NO, OPEN = part(5900), part(5300), part(5000), part(27, trials=50)


def member(*parts, name="claim"):
    return Member(name, (Setting("only", parts),))


def swept(*settings, name="claim"):
    labels = "abcdef"
    return Member(name, tuple(Setting(labels[i], tuple(parts)) for i, parts in enumerate(settings)))


def judge(claim):
    return judge_family([claim])[0]


def test_the_parts_are_what_their_names_say():
    decided = [decide(p, 0.05).verdict for p in (YES, SLIGHT, NO, OPEN)]
    assert decided == ["reproduced", "reproduced", "not reproduced", "inconclusive"]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((YES,), Verdict.REPRODUCED),
        ((NO,), Verdict.NOT_REPRODUCED),
        ((OPEN,), Verdict.INCONCLUSIVE),
        ((YES, SLIGHT), Verdict.REPRODUCED),
        ((NO, NO), Verdict.NOT_REPRODUCED),
        ((YES, NO), Verdict.PARTLY),
        ((YES, NO, OPEN), Verdict.PARTLY),
        ((YES, OPEN), Verdict.INCONCLUSIVE),
        ((NO, OPEN), Verdict.INCONCLUSIVE),
    ],
)
def test_verdict_on_a_claim_with_one_setting(parts, expected):
    judgement = judge(member(*parts))
    assert judgement.verdict is expected
    assert judgement.settings[0].verdict is expected
    assert judgement.p == max(p_value(p) for p in parts)
    assert (judgement.rank, judgement.m, judgement.a) == (1, 1, 0.05)
    assert judgement.holds_at == (("only",) if expected is Verdict.REPRODUCED else ())
    assert judgement.settings[0].parts == tuple(decide(p, 0.05) for p in parts)
    assert (judgement.needed is not None) == (expected is Verdict.INCONCLUSIVE)


def test_partly_is_decided_at_the_level_over_the_number_of_parts():
    assert judge(member(part_with_p(0.026, 0.049), NO)).verdict is Verdict.INCONCLUSIVE
    assert judge(member(part_with_p(0.018, 0.0245), NO)).verdict is Verdict.PARTLY
    assert judge(member(part_with_p(0.018, 0.0245), NO, OPEN)).verdict is Verdict.INCONCLUSIVE
    weakly_against = part_against_between(0.05, 0.025)
    assert judge(member(YES, weakly_against)).verdict is Verdict.INCONCLUSIVE
    # Without a mixture nothing is divided.
    assert judge(member(part_with_p(0.026, 0.049), YES)).verdict is Verdict.REPRODUCED
    assert judge(member(weakly_against, NO)).verdict is Verdict.NOT_REPRODUCED


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (member(YES), False),
        (member(SLIGHT), True),
        (member(YES, SLIGHT), True),
        (member(SLIGHT, NO), True),
        (member(SLIGHT, OPEN), False),
        (member(part(5100, "equal")), False),
    ],
)
def test_negligible_is_said_of_what_is_reproduced(claim, expected):
    assert judge(claim).negligible is expected


def test_members_are_decided_at_their_holm_levels():
    judgements = judge_family(
        [member(OPEN, name="x"), member(NO, name="y"), member(YES, name="z")], alpha=0.06
    )
    assert [j.id for j in judgements] == ["x", "y", "z"]
    assert [j.rank for j in judgements] == [2, 3, 1]
    assert [j.a for j in judgements] == pytest.approx([0.03, 0.06, 0.02])
    assert [j.m for j in judgements] == [3, 3, 3]
    assert judgements[2].settings[0].parts[0].level == pytest.approx(0.98)
    assert judgements[2].settings[0].parts[0].a == judgements[2].a


def test_a_family_makes_its_members_harder_to_reproduce():
    claim = member(part_with_p(0.026, 0.049))
    assert judge(claim).verdict is Verdict.REPRODUCED
    first, _ = judge_family([claim, member(NO, name="other")])
    assert (first.rank, first.a) == (1, 0.025)
    assert first.verdict is Verdict.INCONCLUSIVE


def test_later_members_fail_after_the_first_failure():
    failed = part_with_p(0.026, 0.035)
    later = part_with_p(0.036, 0.049)
    first, second = judge_family([member(failed), member(later, name="later")])
    assert first.verdict is Verdict.INCONCLUSIVE
    # Alone, at its own level, the second would be reproduced, and its interval shows it.
    assert second.p <= second.a == 0.05
    assert second.settings[0].parts[0].verdict is Verdict.REPRODUCED
    assert second.verdict is Verdict.INCONCLUSIVE
    assert second.settings[0].verdict is Verdict.INCONCLUSIVE
    assert second.holds_at == ()
    assert "held back" in second.reason
    assert "held back" not in first.reason


def test_after_a_failure_no_part_is_believed_at_a_larger_level():
    """The last claim has a = 0.05, but what it shows in part counts at the failed 0.05 / 3."""
    believable, doubtful = part_with_p(0.0065, 0.0082), part_with_p(0.0085, 0.024)
    family = [member(OPEN, name="x"), member(OPEN, name="y")]
    for shown, expected in ((believable, Verdict.PARTLY), (doubtful, Verdict.INCONCLUSIVE)):
        last = judge_family([*family, member(shown, NO, name="z")])[2]
        assert (last.rank, last.a) == (3, 0.05)
        assert last.verdict is expected
        last = judge_family([*family, swept([shown], [NO], name="z")])[2]
        assert last.verdict is expected


def test_an_untested_member_weighs_and_shows_its_numbers():
    weak = part_with_p(0.026, 0.049)
    untested = Member("u", (Setting("only", (YES, NO)),), "needs 3,000 epochs, has 12")
    tested, shown = judge_family([member(weak), untested])
    assert (tested.a, tested.verdict) == (0.025, Verdict.INCONCLUSIVE)
    assert shown.verdict is Verdict.NOT_TESTED
    assert (shown.p, shown.rank, shown.m) == (1.0, 2, 2)
    assert shown.reason == "needs 3,000 epochs, has 12"
    assert (shown.needed, shown.holds_at, shown.negligible) == (None, (), False)
    setting = shown.settings[0]
    assert (setting.verdict, setting.against) == (Verdict.NOT_TESTED, False)
    assert [p.verdict for p in setting.parts] == [Verdict.NOT_TESTED] * 2
    assert [p.effect for p in setting.parts] == pytest.approx([0.09, 0.0])
    assert setting.parts[0].interval == decide(YES, 0.05).interval


def test_an_untested_member_may_have_no_numbers():
    judgement = judge(Member("u", (), "the table was never printed"))
    assert (judgement.verdict, judgement.settings) == (Verdict.NOT_TESTED, ())


@pytest.mark.parametrize(
    ("settings", "expected", "holds_at", "by_setting"),
    [
        (([YES], [SLIGHT]), "reproduced", ("a", "b"), "RR"),
        (([YES, YES], [YES, SLIGHT]), "reproduced", ("a", "b"), "RR"),
        (([YES], [NO]), "partly", ("a",), "RN"),
        (([NO], [OPEN], [YES]), "partly", ("c",), "NIR"),
        (([YES, YES], [YES, NO]), "partly", ("a",), "RP"),
        (([NO], [NO]), "not reproduced", (), "NN"),
        (([YES, NO], [NO, NO]), "not reproduced", (), "PN"),
        (([YES, NO], [NO, YES]), "not reproduced", (), "PP"),
        (([OPEN, NO], [NO, YES]), "not reproduced", (), "IP"),
        (([NO], [OPEN]), "inconclusive", (), "NI"),
        (([YES, OPEN], [YES, NO]), "inconclusive", (), "IP"),
        (([OPEN], [OPEN]), "inconclusive", (), "II"),
    ],
)
def test_verdict_on_a_swept_claim(settings, expected, holds_at, by_setting):
    names = {
        "R": Verdict.REPRODUCED,
        "P": Verdict.PARTLY,
        "N": Verdict.NOT_REPRODUCED,
        "I": Verdict.INCONCLUSIVE,
    }
    judgement = judge(swept(*settings))
    assert judgement.verdict == expected
    assert judgement.holds_at == holds_at
    assert [s.verdict for s in judgement.settings] == [names[letter] for letter in by_setting]
    assert [s.label for s in judgement.settings] == list("abc"[: len(settings)])


def test_a_setting_holds_at_the_level_over_the_number_of_settings():
    weak, strong = part_with_p(0.026, 0.049), part_with_p(0.018, 0.0245)
    assert judge(swept([weak], [NO])).verdict is Verdict.INCONCLUSIVE
    assert judge(swept([strong], [NO])).holds_at == ("a",)
    assert judge(swept([strong], [NO], [NO])).verdict is Verdict.INCONCLUSIVE
    # All settings together need no division.
    assert judge(swept([weak], [weak], [YES])).verdict is Verdict.REPRODUCED


def test_one_part_decides_against_a_setting_at_the_level_over_the_number_of_parts():
    weakly_against = part_against_between(0.05, 0.025)
    assert judge(swept([weakly_against], [NO])).verdict is Verdict.NOT_REPRODUCED
    assert judge(swept([weakly_against, weakly_against], [NO])).verdict is Verdict.NOT_REPRODUCED
    judgement = judge(swept([weakly_against, YES], [NO]))
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert [s.against for s in judgement.settings] == [False, True]


def test_a_stricter_level_turns_no_reproduced_part_into_a_failing_one():
    """At 0.05 the part is reproduced and negligible; at 0.025 its interval reaches over 0."""
    slight = part_with_p(0.026, 0.049, TRIALS)
    assert verdict_at(slight, 0.025) is Verdict.NOT_REPRODUCED
    judgement = judge(swept([slight, YES], [YES]))
    assert judgement.verdict is Verdict.REPRODUCED
    assert not judgement.settings[0].against
    assert judge(swept([slight, YES], [NO])).verdict is Verdict.INCONCLUSIVE
    failed = member(part_with_p(0.026, 0.035), name="first")
    assert judge_family([failed, member(slight, YES)])[1].verdict is Verdict.INCONCLUSIVE


def test_the_reason_of_a_swept_claim_says_where():
    assert judge(swept([NO], [OPEN], [YES])).reason == (
        "holds at c; decided against at a; open at b"
    )
    assert judge(swept([NO], [OPEN])).reason.startswith("decided against at a; open at b; 80 ")


def test_needed_is_the_number_for_the_open_part():
    judgement = judge_family([member(OPEN), member(NO, name="other")], block=90)[0]
    assert judgement.needed == replicates_needed(OPEN, 0.025, block=90)
    assert str(judgement.needed) in judgement.reason
    # Of several open parts the most demanding one counts, at the level of a part.
    harder = Comparison(Share(27, 50), 0.5, "greater", 0.03)
    assert judge(member(OPEN, harder)).needed == replicates_needed(harder, 0.025)
    assert judge(swept([OPEN], [harder])).needed == replicates_needed(harder, 0.025)


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


def test_an_empty_family_has_no_verdicts():
    assert judge_family([]) == []


def test_members_that_cannot_be_judged_are_refused():
    with pytest.raises(ValueError, match="no parts"):
        Setting("a", ())
    with pytest.raises(ValueError, match="nothing to decide"):
        Member("x", ())
    with pytest.raises(ValueError, match="one label"):
        Member("x", (Setting("a", (YES,)), Setting("a", (NO,))))
    with pytest.raises(ValueError, match="one id"):
        judge_family([member(YES), member(NO)])


@pytest.fixture
def remembered(monkeypatch):
    """Judge thousands of families in seconds: few different counts occur among them."""
    for name in ("decide", "is_reproduced", "p_value", "verdict_at"):
        monkeypatch.setattr(verdicts, name, lru_cache(maxsize=None)(getattr(verdicts, name)))
    monkeypatch.setattr(verdicts, "replicates_needed", lambda *_, **__: None)


def _equality_at_its_margin(count, trials=400):
    return Comparison(Share(int(count), trials), 0.4, "equal", 0.1)


@pytest.mark.parametrize(
    "shape",
    [
        lambda null: member(null),
        lambda null: member(null, Comparison(Share(390, 400), 0.4, "equal", 0.1)),
        lambda null: swept([null], [Comparison(Share(390, 400), 0.4, "equal", 0.1)]),
    ],
    ids=["alone", "beside a part that fails", "beside a setting that fails"],
)
def test_false_positive_statements_of_a_family_stay_at_its_level(remembered, shape):
    """Twelve claims whose one open question is an equality with the true effect at the margin."""
    alpha, m, families = 0.2, 12, 800
    draws = np.random.default_rng(3).binomial(400, 0.5, (families, m))
    wrong = 0
    for row in draws:
        claims = [shape(_equality_at_its_margin(count)) for count in row]
        family = [Member(str(i), claim.settings) for i, claim in enumerate(claims)]
        wrong += any(
            j.verdict in (Verdict.REPRODUCED, Verdict.PARTLY) for j in judge_family(family, alpha)
        )
    error = (alpha * (1 - alpha) / families) ** 0.5
    assert 0.01 < wrong / families <= alpha + 3 * error
    if len(claims[0].settings[0].parts) * len(claims[0].settings) > 1:
        # Half of each level is spent on the part that fails.
        assert wrong / families <= alpha / 2 + 3 * error


def test_true_claims_are_rarely_decided_against(remembered):
    """Two parts, both exactly at the margin: each of 1,000 claims errs at most at its level."""
    alpha, claims = 0.1, 1000
    draws = np.random.default_rng(4).binomial(400, 0.55, (claims, 2))
    wrong = sum(
        judge_family([swept([part(int(x), trials=400), part(int(y), trials=400)], [NO])], alpha)[
            0
        ].verdict
        is Verdict.NOT_REPRODUCED
        for x, y in draws
    )
    error = (alpha * (1 - alpha) / claims) ** 0.5
    assert 0.01 < wrong / claims <= alpha + 3 * error
