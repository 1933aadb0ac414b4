"""Errors in the paper's own Table 1, each with its arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from escaping_minima.claims.source import ALPHA
from escaping_minima.statistics.holm import holm
from escaping_minima.studies.stationary_distributions.names import FUNCTION_NAMES, METHOD_NAMES
from escaping_minima.studies.stationary_distributions.paired import sign_test
from escaping_minima.studies.stationary_distributions.printed import (
    MIRROR_PAIRS,
    RUN_COUNTS,
    STATED_RUNS,
    PrintedRow,
    PrintedTable,
    decimals,
    exact_sum,
    fits,
    implied_runs,
    nearest_count,
)

#: Number of algorithms that the paper's text names (arXiv 2403.00574).
STATED_ALGORITHMS = 6
#: Most decimals to which the table's rows are rounded: 18.38 stands beside 7.375.
_DECIMALS = 2

PrintedError = dict[str, str]


def printed_errors(printed: PrintedTable) -> list[PrintedError]:
    """Return what cannot be right in the printed table, whatever the runs were.

    Parameters
    ----------
    printed : Mapping
        The printed rows.

    Returns
    -------
    list of dict
        Keys "where", "check", "arithmetic" and "finding".
    """
    rows = list(printed.values())
    return [
        *(error for row in rows for error in _sum_errors(row)),
        *(error for row in rows for error in _run_count_errors(row)),
        *(error for row in rows for error in _stray_entries(row)),
        *_identical_rows(rows),
        *_mirror_errors(rows),
        *_heading_errors(rows),
        *_algorithm_errors(rows),
    ]


def _error(where: str, check: str, arithmetic: str, finding: str) -> PrintedError:
    return {"where": where, "check": check, "arithmetic": arithmetic, "finding": finding}


def _plain(number: Decimal) -> str:
    """Write a number without closing zeros."""
    return f"{number.normalize():f}"


def _sum_errors(row: PrintedRow) -> Iterator[PrintedError]:
    """Yield an error if a row's sum misses 100 by more than rounding allows.

    The entries of a row count as rounded to as many decimals as its finest entry has: a table that
    prints 17.25 drops zeros, and does not round, where it prints 16.5.
    """
    finest = min(max(map(decimals, row.entries)), _DECIMALS)
    allowed = len(row.entries) * Decimal(5).scaleb(-finest - 1)
    if abs(row.total - 100) <= allowed:
        return
    within, last = exact_sum(row.entries[:-1]), row.entries[-1]
    left, total = 100 - within, _plain(row.total)
    alone = abs(left - Decimal(last)) <= Decimal("0.5") and decimals(last) == 0
    rest = f"the minima sum to {_plain(within)}, so that Else is {_plain(left)}, printed {last}"
    yield _error(
        row.title,
        "the row sums to 100",
        f"{' + '.join(row.entries)} = {total}; rounding {len(row.entries)} entries to "
        f"{finest} decimals moves the sum by at most {_plain(allowed)}; {rest}",
        f"sums to {total}; "
        + (
            "explained if Else alone was rounded to a whole number"
            if alone
            else "rounding Else alone to a whole number does not explain it"
        ),
    )


def _run_count_errors(row: PrintedRow) -> Iterator[PrintedError]:
    """Yield an error if entries of a row are no shares of the stated number of trajectories."""
    others = [runs for runs in RUN_COUNTS if runs != STATED_RUNS]
    odd = [
        (entry, next(runs for runs in others if fits(entry, runs)))
        for entry in row.entries
        if not fits(entry, STATED_RUNS) and any(fits(entry, runs) for runs in others)
    ]
    if not odd:
        return
    yield _error(
        row.title,
        f"every entry is a share of {STATED_RUNS} trajectories, a multiple of "
        f"{100 / STATED_RUNS:g} percent",
        "; ".join(_as_fraction(entry, runs) for entry, runs in odd),
        f"{len(odd)} of {len(row.entries)} entries are no shares of {STATED_RUNS}; "
        + _fitting_runs(row),
    )


def _fitting_runs(row: PrintedRow) -> str:
    """Say how many trajectories would give a whole row."""
    runs = implied_runs(row)
    strays = [entry for entry in row.entries if not fits(entry, runs)]
    if strays:
        return f"{runs} trajectories would give the others, but not {', '.join(strays)}"
    rounded = [e for e in row.entries if Decimal(e) * runs % 100]
    if not rounded:
        return f"{runs} trajectories would give the whole row"
    return (
        f"{runs} trajectories would give the whole row, if it was rounded as printed: "
        + "; ".join(_as_fraction(entry, runs) for entry in rounded)
    )


def _as_fraction(entry: str, runs: int) -> str:
    count = nearest_count(entry, runs)
    exact = Decimal(100 * count) / runs
    if exact == Decimal(entry):
        return f"{entry} = {count}/{runs}"
    return f"{entry} ≈ {_plain(exact)} = {count}/{runs}"


def _stray_entries(row: PrintedRow) -> Iterator[PrintedError]:
    """Yield an error for each entry that is a share of none of the numbers of trajectories."""
    for name, entry in zip(row.bins, row.entries, strict=True):
        if any(fits(entry, runs) for runs in RUN_COUNTS):
            continue
        nearest = ", ".join(_as_fraction(entry, runs).partition("≈ ")[2] for runs in RUN_COUNTS)
        yield _error(
            f"{row.title}, {name}",
            f"the entry is a share of {', '.join(map(str, RUN_COUNTS[:-1]))} or {RUN_COUNTS[-1]} "
            "trajectories",
            f"{entry}; nearest shares {nearest}",
            "a share of none of them: a misprint, or yet another number of trajectories",
        )


def _identical_rows(rows: Sequence[PrintedRow]) -> Iterator[PrintedError]:
    for one, other in combinations(rows, 2):
        if one.function != other.function or one.shares != other.shares:
            continue
        rest = [
            row.shares[-1]
            for row in rows
            if row.function == one.function and row.method not in (one.method, other.method)
        ]
        low, high, own = min(rest, default=0), max(rest, default=0), one.shares[-1]
        yield _error(
            f"Table 1, {FUNCTION_NAMES[one.function]}, "
            f"{METHOD_NAMES[one.method]} and {METHOD_NAMES[other.method]}",
            "rows of two methods differ",
            f"both {', '.join(one.entries)}; Else {own:g} in both, {low:g} to {high:g} in the "
            f"other {len(rest)} rows",
            "identical, with an Else that no other row has: one row seems copied from the other"
            if not low <= own <= high
            else "identical; may be a coincidence of whole percentages",
        )


@dataclass(frozen=True)
class _MirrorPair:
    """Two printed shares that must agree but for chance, as counts."""

    row: PrintedRow
    names: tuple[str, str]
    runs: int
    counts: tuple[int, int]

    @property
    def p(self) -> float:
        return sign_test(*self.counts)


def _mirror_errors(rows: Sequence[PrintedRow]) -> Iterator[PrintedError]:
    """Yield the mirror pairs whose shares differ by more than chance, with Holm's correction.

    The functions, the boxes of starts and the noise are symmetric about the origin, so that an end
    in either minimum of a pair has the same probability.
    """
    pairs = [
        _pair(row, names)
        for row in rows
        for names in MIRROR_PAIRS[row.function]
        if set(names) <= set(row.bins)
    ]
    for pair, step in zip(pairs, holm([pair.p for pair in pairs], ALPHA), strict=True):
        if not step.rejected:
            continue
        (a, b), (first, second) = pair.counts, pair.names
        entries = dict(zip(pair.row.bins, pair.row.entries, strict=True))
        yield _error(
            f"{pair.row.title}, {first} and {second}",
            "minima that are mirror images get equal shares of symmetric starts",
            f"{entries[first]} and {entries[second]} percent are {a} and {b} of {pair.runs}; "
            f"binomial({a + b}, 1/2), two-sided p = {pair.p:.1g}, Holm rank {step.rank} of "
            f"{len(pairs)}, level {step.a:.2g}",
            "not compatible with starts that are symmetric about the origin",
        )


def _pair(row: PrintedRow, names: tuple[str, str]) -> _MirrorPair:
    runs = implied_runs(row)
    first, second = (nearest_count(row.entries[row.bins.index(name)], runs) for name in names)
    return _MirrorPair(row, names, runs, (first, second))


def _heading_errors(rows: Sequence[PrintedRow]) -> Iterator[PrintedError]:
    twice = "header prints GM1 twice"
    functions = {
        row.function
        for row in rows
        for note in row.notes
        if note.casefold().startswith(twice.casefold())
    }
    for function in sorted(functions):
        yield _error(
            f"Table 1, {FUNCTION_NAMES[function]}, heading",
            "every bin has a name of its own",
            "GM1, GM1, ...",
            f"the {twice}; the second is read as GM2",
        )


def _algorithm_errors(rows: Sequence[PrintedRow]) -> Iterator[PrintedError]:
    methods = list(dict.fromkeys(METHOD_NAMES[row.method] for row in rows))
    if len(methods) != STATED_ALGORITHMS:
        yield _error(
            "text on Table 1",
            "text and table have the same number of algorithms",
            f"text: {STATED_ALGORITHMS}; table: {len(methods)} ({', '.join(methods)})",
            f"the text speaks of {STATED_ALGORITHMS} algorithms, the table has {len(methods)}",
        )
