"""Every branch of a family's verdicts, by hand."""

from __future__ import annotations

import itertools

import pytest

from escaping_minima.statistics.comparison import Comparison
from escaping_minima.statistics.decision import p_value, q_value
from escaping_minima.statistics.evidence import Verdict
from escaping_minima.statistics.families import AnyOf, Member, Setting
from escaping_minima.statistics.intervals import Share
from escaping_minima.statistics.verdicts import judge_family

TRIALS = 10_000


def part(count, direction="greater", label="", trials=TRIALS):
    return Comparison(Share(count, trials), 0.5, direction, 0.05, label)


def part_with_p(low, high, trials=1500):
    """A part "greater than a half" with a p between two numbers.

    With 1,500 trials it is far from being decided against; with 10,000 the margin is excluded.
    """
    for count in range(trials // 2, trials):
        candidate = part(count, trials=trials)
        if low < p_value(candidate) < high:
            return candidate
    raise AssertionError("no count has such a p")


def part_with_q(low, high, trials=300):
    """A part "greater than a half" with a q between two numbers, and a large p."""
    for count in range(trials // 2, 0, -1):
        candidate = part(count, trials=trials)
        if low < q_value(candidate) < high:
            return candidate
    raise AssertionError("no count has such a q")


YES, SLIGHT, NO, OPEN = part(5900), part(5300), part(5000), part(27, trials=50)


def member(*parts, name="claim"):
    return Member(name, (Setting("only", parts),))


def swept(*settings, name="claim", **fields):
    labels = "abcdefghi"
    made = tuple(Setting(labels[i], tuple(parts)) for i, parts in enumerate(settings))
    return Member(name, made, **fields)


def judge(claim):
    return judge_family([claim])[0]


def letters(judgement):
    """The words of the settings by their first letters: holds, split, against, open, untested."""
    return "".join(setting.word[0] for setting in judgement.settings)


@pytest.mark.parametrize(
    ("parts", "expected", "word"),
    [
        ((YES,), "reproduced", "holds"),
        ((NO,), "not reproduced", "against"),
        ((OPEN,), "inconclusive", "open"),
        ((YES, SLIGHT), "reproduced", "holds"),
        ((NO, NO), "not reproduced", "against"),
        ((NO, OPEN), "not reproduced", "against"),
        ((YES, NO), "partly", "split"),
        ((YES, NO, OPEN), "partly", "split"),
        ((YES, OPEN), "inconclusive", "open"),
        # what holds by less than the margin speaks for the claim, not against it
        ((SLIGHT, OPEN), "inconclusive", "open"),
    ],
)
def test_verdict_on_a_claim_with_one_setting(parts, expected, word):
    judgement = judge(member(*parts))
    assert (judgement.verdict, judgement.settings[0].word) == (expected, word)
    assert judgement.p == max(p_value(p) for p in parts)
    assert judgement.q == min(1, len(parts) * min(q_value(p) for p in parts))
    assert (judgement.ranks, judgement.m, judgement.levels) == ((1, 1), 1, (0.05, 0.05))
    assert judgement.holds_at == (("only",) if expected == "reproduced" else ())
    assert judgement.against_at == (("only",) if expected == "not reproduced" else ())
    assert judgement.split_at == (("only",) if expected == "partly" else ())
    assert judgement.open_at == (("only",) if expected == "inconclusive" else ())
    assert (judgement.needed is not None) == (expected == "inconclusive")
    assert judgement.reason == "" or expected == "inconclusive"


@pytest.mark.parametrize("number", [2, 3])
def test_one_part_speaks_against_a_setting_at_the_level_over_the_number_of_parts(number):
    rest = [OPEN] * (number - 1)
    just = part_with_q(0.038 / number, 0.05 / number)
    assert judge(member(just, *rest)).verdict is Verdict.NOT_REPRODUCED
    barely = part_with_q(0.051 / number, 0.068 / number)
    assert judge(member(barely, *rest)).verdict is Verdict.INCONCLUSIVE
    # alone it would be enough
    assert judge(member(barely)).verdict is Verdict.NOT_REPRODUCED


def test_one_part_speaks_for_a_setting_that_fails_at_the_level_over_the_number_of_parts():
    assert judge(member(part_with_p(0.026, 0.049), NO)).verdict is Verdict.NOT_REPRODUCED
    assert judge(member(part_with_p(0.018, 0.0245), NO)).verdict is Verdict.PARTLY
    assert judge(member(part_with_p(0.018, 0.0245), NO, OPEN)).verdict is Verdict.NOT_REPRODUCED
    # where all must hold nothing is divided
    assert judge(member(part_with_p(0.026, 0.049), YES)).verdict is Verdict.REPRODUCED


@pytest.mark.parametrize(
    ("settings", "expected", "words"),
    [
        (([YES], [SLIGHT]), "reproduced", "hh"),
        (([YES, YES], [YES, SLIGHT]), "reproduced", "hh"),
        (([YES], [NO]), "partly", "ha"),
        (([NO], [OPEN], [YES]), "partly", "aoh"),
        (([YES, YES], [YES, NO]), "partly", "hs"),
        (([YES, NO], [NO, NO]), "partly", "sa"),
        (([YES, NO], [NO, YES]), "partly", "ss"),
        (([YES, NO], [OPEN]), "partly", "so"),
        (([NO], [NO]), "not reproduced", "aa"),
        (([OPEN, NO], [NO]), "not reproduced", "aa"),
        (([NO], [OPEN]), "inconclusive", "ao"),
        (([YES], [OPEN]), "inconclusive", "ho"),
        (([OPEN], [OPEN]), "inconclusive", "oo"),
        (([YES],) * 8 + ([OPEN],), "inconclusive", "hhhhhhhho"),
    ],
)
def test_verdict_on_a_swept_claim(settings, expected, words):
    judgement = judge(swept(*settings))
    assert (judgement.verdict, letters(judgement)) == (expected, words)
    assert [s.label for s in judgement.settings] == list("abcdefghi"[: len(settings)])
    at = {"h": judgement.holds_at, "s": judgement.split_at}
    at |= {"a": judgement.against_at, "o": judgement.open_at}
    for label, word in zip("abcdefghi", words, strict=False):
        assert [w for w, labels in at.items() if label in labels] == [word]


def test_a_setting_holds_by_holm_over_the_settings_unless_the_whole_claim_holds():
    weak, strong = part_with_p(0.026, 0.049), part_with_p(0.018, 0.0245)
    assert letters(judge(swept([weak], [NO]))) == "oa"
    assert letters(judge(swept([strong], [NO]))) == "ha"
    assert letters(judge(swept([strong], [NO], [NO]))) == "oaa"
    # one that surely holds leaves its level to the others
    assert letters(judge(swept([strong], [YES], [NO]))) == "hha"
    assert judge(swept([weak], [weak], [YES])).verdict is Verdict.REPRODUCED


def test_a_setting_is_decided_against_by_holm_unless_the_whole_claim_is():
    weak, strong = part_with_q(0.026, 0.049), part_with_q(0.018, 0.0245)
    assert letters(judge(swept([weak], [YES]))) == "oh"
    assert letters(judge(swept([strong], [YES]))) == "ah"
    assert judge(swept([weak], [weak], [NO])).verdict is Verdict.NOT_REPRODUCED


def test_a_negligible_effect_holds_also_where_it_is_decided_against():
    slight = part_with_p(1e-5, 0.02, 10_000)
    assert q_value(slight) < 1e-9
    judgement = judge(member(slight))
    assert (judgement.verdict, judgement.negligible) == (Verdict.REPRODUCED, True)
    assert judge(swept([slight], [YES])).verdict is Verdict.REPRODUCED
    judgement = judge(swept([slight], [NO]))
    assert (letters(judgement), judgement.negligible) == ("ha", True)


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (member(YES), False),
        (member(SLIGHT), True),
        (member(YES, SLIGHT), True),
        (member(SLIGHT, NO), True),
        (member(SLIGHT, OPEN), False),
        (member(part(5100, "equal")), False),
        (member(AnyOf("either", (SLIGHT, NO))), True),
        (member(AnyOf("either", (SLIGHT, YES))), False),
    ],
)
def test_negligible_is_said_of_what_is_reproduced(claim, expected):
    assert judge(claim).negligible is expected


def test_members_are_decided_at_their_holm_levels_each_way():
    family = [member(OPEN, name="x"), member(NO, name="y"), member(YES, name="z")]
    x, y, z = judge_family(family, alpha=0.06)
    assert [j.id for j in (x, y, z)] == ["x", "y", "z"]
    assert [j.verdict for j in (x, y, z)] == ["inconclusive", "not reproduced", "reproduced"]
    assert [j.ranks for j in (x, y, z)] == [(2, 2), (3, 1), (1, 3)]
    # those that are not rejected share alpha / 2
    assert x.levels == pytest.approx((0.03, 0.03))
    assert y.levels == pytest.approx((0.03, 0.02))
    assert z.levels == pytest.approx((0.02, 0.03))
    shown = z.settings[0].parts[0]
    assert (shown.a, shown.a_against) == (z.levels[0], z.levels[1])
    assert shown.level == pytest.approx(1 - 0.01 - 0.015)


def test_a_family_makes_both_words_harder():
    for made in (part_with_p, part_with_q):
        claim = member(made(0.026, 0.049))
        assert judge(claim).verdict in (Verdict.REPRODUCED, Verdict.NOT_REPRODUCED)
        first, _ = judge_family([claim, member(OPEN, name="other")])
        assert first.levels == (0.025, 0.025)
        assert first.verdict is Verdict.INCONCLUSIVE


def test_no_claim_is_held_back_by_another():
    """One that fails leaves a level to the next at which its interval shows that it is open."""
    failed, later = part_with_p(0.026, 0.035), part_with_p(0.036, 0.049)
    for judgement in judge_family([member(failed), member(later, name="later")]):
        assert judgement.verdict is Verdict.INCONCLUSIVE
        assert judgement.levels[0] == 0.025 < judgement.p
        assert judgement.settings[0].parts[0].verdict is Verdict.INCONCLUSIVE
        assert judgement.settings[0].parts[0].interval[0] < 0


def test_the_order_of_claims_and_settings_decides_nothing():
    claims = [
        member(OPEN, name="v"),
        member(part_with_q(0.006, 0.0099), name="w"),
        member(YES, NO, name="x"),
        swept([YES], [NO], [OPEN], name="y"),
        swept([part_with_p(0.002, 0.005)], [NO], name="z"),
    ]
    expected = {j.id: j for j in judge_family(claims)}
    for order in itertools.permutations(claims):
        assert {j.id: j for j in judge_family(order)} == expected
    turned = judge_family([*claims[:3], swept([OPEN], [NO], [YES], name="y"), claims[4]])
    assert letters(turned[3]) == letters(expected["y"])[::-1]


def test_what_holds_in_part_is_decided_at_the_level_of_a_claim():
    """Alpha over the number of claims, whatever became of the others."""
    believable, doubtful = part_with_p(0.0065, 0.0082), part_with_p(0.0085, 0.024)
    family = [member(OPEN, name="x"), member(OPEN, name="y")]
    for shown, expected in ((believable, "partly"), (doubtful, "not reproduced")):
        assert judge_family([*family, member(shown, NO, name="z")])[2].verdict == expected
    for shown, expected in ((believable, "partly"), (doubtful, "inconclusive")):
        assert judge_family([*family, swept([shown], [NO], name="z")])[2].verdict == expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((YES, NO), "reproduced"),
        ((NO, NO), "not reproduced"),
        ((NO, OPEN), "inconclusive"),
        ((YES, OPEN), "reproduced"),
        ((SLIGHT, NO), "reproduced"),
    ],
)
def test_a_union_holds_if_one_statement_does(parts, expected):
    judgement = judge(member(AnyOf("either", parts)))
    assert judgement.verdict == expected
    (union,) = judgement.settings[0].parts
    assert (union.label, union.verdict) == ("either", expected)
    assert union.p == judgement.p == min(1, 2 * min(p_value(p) for p in parts))
    assert union.q == judgement.q == max(q_value(p) for p in parts)
    assert [p.a for p in union.parts] == [0.025, 0.025]
    assert [p.a_against for p in union.parts] == [0.05, 0.05]


def test_a_union_pays_for_the_choice_of_its_statement():
    just, barely = part_with_p(0.018, 0.0249), part_with_p(0.0255, 0.049)
    assert judge(member(AnyOf("either", (just, NO)))).verdict is Verdict.REPRODUCED
    assert judge(member(AnyOf("either", (barely, NO)))).verdict is Verdict.INCONCLUSIVE
    # and is one part among others
    assert judge(member(AnyOf("either", (YES, NO)), NO)).verdict is Verdict.PARTLY
    assert judge(member(AnyOf("either", (NO, NO)), OPEN)).verdict is Verdict.NOT_REPRODUCED


def test_an_untested_member_weighs_and_shows_its_numbers():
    untested = Member(
        "u",
        (Setting("only", (YES, AnyOf("either", (NO, OPEN)))),),
        untested_reason="needs 3,000 epochs, has 12",
    )
    tested, shown = judge_family([member(part_with_p(0.026, 0.049)), untested])
    assert (tested.levels, tested.verdict) == ((0.025, 0.025), Verdict.INCONCLUSIVE)
    assert shown.verdict is Verdict.NOT_TESTED
    assert (shown.p, shown.q, shown.ranks, shown.m) == (1.0, 1.0, (2, 2), 2)
    assert shown.reason == "needs 3,000 epochs, has 12"
    assert (shown.needed, shown.holds_at, shown.negligible) == (None, (), False)
    assert shown.untested_at == ("only",)
    first, union = shown.settings[0].parts
    assert {first.verdict, union.verdict, *(p.verdict for p in union.parts)} == {"not tested"}
    assert first.effect == pytest.approx(0.09)
    assert first.interval[0] > 0
    bare = judge(Member("u", (), untested_reason="the table was never printed"))
    assert (bare.verdict, bare.settings) == (Verdict.NOT_TESTED, ())


def test_an_untested_setting_counts_and_is_named():
    claim = Member("x", (Setting("a", (YES,)), Setting("b", (OPEN,), "nothing converged")))
    judgement = judge(claim)
    assert (judgement.verdict, letters(judgement)) == (Verdict.INCONCLUSIVE, "hu")
    assert (judgement.p, judgement.q) == (1.0, 1.0)
    assert judgement.untested_at == ("b",)
    assert judgement.reason.startswith("holds at a; not tested at b: nothing converged")
    against = Member("x", (Setting("a", (NO,)), Setting("b", (), "was not run")))
    assert judge(against).verdict is Verdict.INCONCLUSIVE
    mixed = Member("x", (*against.settings, Setting("c", (YES,))))
    assert (judge(mixed).verdict, letters(judge(mixed))) == (Verdict.PARTLY, "auh")
    # it counts among the settings: 0.05 / 2 here, since none is rejected
    weak = Member("x", (Setting("a", (part_with_p(0.026, 0.049),)), Setting("b", (), "not run")))
    assert letters(judge(weak)) == "ou"
    nothing = judge(Member("x", (Setting("a", (), "was not run"),)))
    assert (nothing.verdict, nothing.reason) == (Verdict.NOT_TESTED, "was not run")


def test_what_is_left_out_is_named_and_enters_nothing():
    left_out = (("radius × 0.1", "every end is that of GD"),)
    weak = part_with_p(0.018, 0.0245)
    judgement = judge(swept([weak], [NO], left_out=left_out))
    assert judgement.left_out == left_out
    # the level is still divided by two settings, not by three
    assert letters(judgement) == "ha"
    assert judge(swept([weak], left_out=left_out)).verdict is Verdict.REPRODUCED
    empty = judge_family([Member("x", (), left_out), member(YES)])[0]
    assert (empty.verdict, empty.p, empty.q) == (Verdict.NOT_TESTED, 1.0, 1.0)
    assert empty.reason == "radius × 0.1: left out, every end is that of GD"


def test_the_reason_of_a_swept_claim_says_where():
    assert judge(swept([NO], [OPEN], [YES], [YES, NO])).reason == (
        "holds at c; split at d; decided against at a; open at b"
    )
    assert judge(swept([NO], [OPEN])).reason.startswith("decided against at a; open at b; 80 ")


def test_members_that_cannot_be_judged_are_refused():
    assert judge_family([]) == []
    with pytest.raises(ValueError, match="no parts"):
        Setting("a", ())
    with pytest.raises(ValueError, match="no parts"):
        AnyOf("either", ())
    with pytest.raises(ValueError, match="nothing to decide"):
        Member("x", ())
    with pytest.raises(ValueError, match="one label"):
        Member("x", (Setting("a", (YES,)), Setting("a", (NO,))))
    with pytest.raises(ValueError, match="one id"):
        judge_family([member(YES), member(NO)])
