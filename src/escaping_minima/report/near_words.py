"""How near a verdict is to another one, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from escaping_minima.report.effects import margin_text
from escaping_minima.report.frames import number
from escaping_minima.report.ratios import RATIO

#: Instead of what changes a verdict.
FIRM = "firm"
#: Added where there is one replicate, or one block of them.
ALONE = "nothing to leave out"
#: How firm a verdict is, in a word to look for.
FIRM_ALONE, NEAR, UNTESTED = f"{FIRM}, {ALONE}", "near another verdict", "not tested"
FIRMNESS = (FIRM, FIRM_ALONE, NEAR, UNTESTED)
#: More than so many left-out replicates are counted, not named.
_NAMED = 2


def firmness(claim: Mapping[str, Any]) -> str:
    """Return which of FIRMNESS the verdict on a claim of the ledger is."""
    near = claim["nearness"]
    if not near:
        return UNTESTED
    if near["margin"] or near["level"] or near["without"]:
        return NEAR
    return FIRM if near["left_out"] else FIRM_ALONE


def near_words(claim: Mapping[str, Any]) -> tuple[str, ...]:
    """Say in few words what changes the verdict on a claim of the ledger, each on its own line.

    For example ``firm``, ``firm (nothing to leave out)`` of a run of one block, or ``changes at
    margin 3.1``, ``at level 0.03`` and ``without seed 2``; empty where the claim is not tested.
    """
    near = claim["nearness"]
    if not near:
        return ()
    changes = []
    if near["margin"]:
        changes.append(f"at margin {_margin(near['margin'], claim)}")
    if near["level"]:
        changes.append(f"at level {number(near['level']['value'])}")
    if near["without"]:
        changes.append(f"without {_without(near)}")
    if changes:
        return (f"changes {changes[0]}", *changes[1:])
    return (FIRM if near["left_out"] else f"{FIRM} ({ALONE})",)


def near_facts(claim: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence each on the margin, the level and the replicates of a claim's verdict."""
    near = claim["nearness"]
    yield _margin_sentence(claim, near)
    if near["level"]:
        changed = near["level"]
        yield f"at level {number(changed['value'])} of the family it would be {changed['verdict']}"
    else:
        yield "no level from {} to {} changes it".format(*map(number, near["levels"]))
    yield _left_out_sentence(near)


def _margin_sentence(claim: Mapping[str, Any], near: Mapping[str, Any]) -> str:
    if not near["margin_decides"]:
        return "no margin decides it"
    if changed := near["margin"]:
        if changed["value"] is None:
            words = f"with margins {number(changed['factor'])} times as large"
        else:
            words = f"with a margin of {margin_text(changed['value'], claim['unit'])}"
        return f"{words} it would be {changed['verdict']}"
    return "no margin from {} to {} times the present one changes it".format(
        *map(number, near["margins"])
    )


def _left_out_sentence(near: Mapping[str, Any]) -> str:
    names = near["left_out"]
    if not names:
        return f"{ALONE}: the runs are a single seed or block of starts"
    of = f"any one of {len(names)} left out ({names[0]}, …, {names[-1]})"
    if not near["without"]:
        return f"{of}: it stays"
    by_verdict: dict[str, list[str]] = {}
    for left in near["without"]:
        by_verdict.setdefault(left["verdict"], []).append(left["name"])
    found = (f"{verdict} without {_listed(names)}" for verdict, names in by_verdict.items())
    return f"{of}: {', '.join(found)}"


def _margin(changed: Mapping[str, Any], claim: Mapping[str, Any]) -> str:
    if changed["value"] is None:
        return f"× {number(changed['factor'])}"
    value = number(changed["value"])
    return f"{value} percent" if claim["unit"] == RATIO else value


def _without(near: Mapping[str, Any]) -> str:
    names = [left["name"] for left in near["without"]]
    if len(names) <= _NAMED:
        return " or ".join(names)
    return f"{len(names)} of {len(near['left_out'])}, one at a time"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
