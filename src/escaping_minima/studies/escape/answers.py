"""The question answered in five sentences, made of verdicts and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from escaping_minima.parts.answer import Answer
from escaping_minima.studies.escape.drawing.shared import number_of
from escaping_minima.studies.escape.layout import PEAKS, UNEVEN
from escaping_minima.studies.escape.names import arm_name

Tables = Mapping[str, pd.DataFrame]
_AFRESH = ("three_hump", "six_hump", "scattered", "xor_2")
#: From which mean share on something is said to happen mostly, and below which seldom.
_MOSTLY, _SELDOM = 67.0, 33.0
_STABLE = 2.0
_MISSING = "This run has none of the runs that would tell."


def answers(verdicts: Mapping[str, str], tables: Tables) -> Sequence[Answer]:
    """Return the answers to the five things that were asked.

    Parameters
    ----------
    verdicts : Mapping of str to str
        Of all claims of a rendering, by claim.
    tables : Mapping of DataFrame
        The study's collected and derived tables, by file name.
    """
    return (
        Answer(
            "Do trainers get stuck in a local minimum?",
            _stuck(verdicts, tables),
            "stuck",
            ("Q01", "Q13"),
        ),
        Answer(
            "Does restarting at every batch help?", _afresh(verdicts, tables), "restarts", ("Q03",)
        ),
        Answer(
            "Do they reach the global minimum straight?",
            _straight(tables),
            "arena",
            ("Q10", "Q11"),
        ),
        Answer(
            "What does resetting the learning rate do at a flat point?",
            _reset(verdicts, tables),
            "reset",
            ("Q04",),
        ),
        Answer(
            "How do batches steer around a local minimum?",
            _batches(verdicts, tables),
            "batches",
            ("Q05", "Q06"),
        ),
    )


def _stuck(verdicts: Mapping[str, str], tables: Tables) -> str:
    own = _shares(tables, "rate", "own")
    rate = number_of(own["point"], "rate")
    low, high = own[rate < _STABLE]["share"].mean(), own[rate > _STABLE]["share"].mean()
    if pd.isna(low) or pd.isna(high):
        return _MISSING
    word = _how_often(low, "Mostly yes", "Sometimes", "Seldom")
    return (
        f"{word}: with learning rates below 2 / curvature gradient descent ends in the basin that "
        f"it began in from {low:.0f} percent of the starts, with higher ones from {high:.0f} "
        f"({_said(verdicts, 'Q01', 'that it always does so')})."
    )


def _afresh(verdicts: Mapping[str, str], tables: Tables) -> str:
    gaps = tables["gaps.csv"]
    own = gaps[(gaps["role"] == "arena") & gaps["problem"].isin(_AFRESH)]
    means = own.groupby("arm")["gap"].mean()
    if not {"afresh", "restarts", "gd"} <= set(means.index):
        return _MISSING
    fresh, whole, once = (float(means[arm]) for arm in ("afresh", "restarts", "gd"))
    word = "Yes" if fresh <= whole else "Less than to begin whole descents again"
    word = word if fresh <= max(once, whole) else "No"
    return (
        f"{word}: a new start at every step leaves a loss of {fresh:.1f} percent of the height "
        f"above the global minimum, whole descents from new starts {whole:.1f}, one descent "
        f"{once:.1f} ({_said(verdicts, 'Q03', 'that it is a workable restart')})."
    )


def _straight(tables: Tables) -> str:
    best = _shares(tables, "arena", "best")
    means = best[best["problem"].isin(UNEVEN)].groupby("arm")["share"].mean()
    whole = best[best["problem"].isin(UNEVEN)].groupby("arm")["problem"].nunique()
    means = means[whole == len(UNEVEN)]
    others = means.drop("gd", errors="ignore")
    if "gd" not in means or others.empty:
        return _MISSING
    alone, name = float(means["gd"]), str(others.idxmax())
    word = _how_often(alone, "Mostly", "Sometimes", "Seldom")
    return (
        f"{word}: gradient descent ends at a global minimum from {alone:.0f} percent of the starts "
        f"where some minima are not global, the best of {len(others)} other methods on the same "
        f"problems, {arm_name(name)}, from {others[name]:.0f}, at one cost and tuned alike."
    )


def _reset(verdicts: Mapping[str, str], tables: Tables) -> str:
    own = _shares(tables, "reset", "escaped")
    own = own.assign(peak=number_of(own["point"], "peak"))
    still = own[(own["problem"] == "scattered_at") & (own["arm"] == "warm")]["share"].max()
    beside = own[own["problem"] == "curve_beside"]
    high, low = (
        beside[beside["peak"] > _STABLE]["share"].mean(),
        beside[beside["peak"] < _STABLE]["share"].mean(),
    )
    # at higher rates single items throw runs out of the problem
    gentle = own[own["peak"] == min(PEAKS)]
    noisy, calm = (gentle[gentle["arm"] == arm]["share"].mean() for arm in ("warm_1", "low_1"))
    if any(map(pd.isna, (still, high, low, noisy, calm))):
        return _MISSING
    word = "Nothing" if still < 1 else "Something"
    return (
        f"{word} where the gradient is exactly 0 (at most {still:.0f} percent of the starts "
        f"leave); beside a minimum {high:.0f} percent leave with highest rates above "
        f"2 / curvature and {low:.0f} below, and with batches of one item {noisy:.0f}, against "
        f"{calm:.0f} at the lowest rate all along "
        f"({_said(verdicts, 'Q04', 'that it pops a run out so')})."
    )


def _batches(verdicts: Mapping[str, str], tables: Tables) -> str:
    norms = tables["batch_norms.csv"]
    own = norms[(norms["problem"] == "scattered") & (norms["replacement"] == "with")]
    by_size = own.set_index("batch")["norm"]
    moved = _shares(tables, "batch", "moved")
    shares = moved.groupby(number_of(moved["point"], "batch"))["share"].mean()
    if by_size.empty or not {1.0, 64.0} <= set(shares.index):
        return _MISSING
    sizes = sorted(by_size.index)
    one, many = float(by_size[sizes[0]]), float(by_size[sizes[-1]])
    word = "They do" if shares[1.0] > shares[64.0] else "They do not"
    return (
        f"{word}: where the gradient of all items is 0, that of {sizes[0]} has a norm of {one:.2g} "
        f"and that of {sizes[-1]} one of {many:.2g}, and from about a local minimum "
        f"{shares[1.0]:.0f} percent of the starts end elsewhere by single items, "
        f"{shares[64.0]:.0f} by all 64 "
        f"({_said(verdicts, 'Q06', 'that batches escape more often')})."
    )


def _shares(tables: Tables, role: str, measure: str) -> pd.DataFrame:
    found = tables["shares.csv"]
    return found[(found["role"] == role) & (found["measure"] == measure)]


def _how_often(share: float, mostly: str, sometimes: str, seldom: str) -> str:
    if share >= _MOSTLY:
        return mostly
    return seldom if share < _SELDOM else sometimes


def _said(verdicts: Mapping[str, str], claim: str, words: str) -> str:
    """Say what became of a claim."""
    return f"{words}: {verdicts.get(claim, 'not judged')}"
