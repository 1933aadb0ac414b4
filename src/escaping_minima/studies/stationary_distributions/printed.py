"""Table 1 as the paper prints it, and how many trajectories each of its rows can rest on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import pandas as pd

from escaping_minima.claims.records import REFERENCE
from escaping_minima.landscape.stationary import stationary_points
from escaping_minima.parts.registry import make_problem
from escaping_minima.studies.stationary_distributions.names import FUNCTION_NAMES, METHOD_NAMES

#: Trajectories of each row, as the paper's text states.
STATED_RUNS = 500
#: Run counts considered for a row: the stated one, and the two that its decimals suggest.
RUN_COUNTS = (STATED_RUNS, 400, 800)

FLATNESS, VALUE = "by flatness", "by value"
#: Two ways to number the local minima: the one the paper states, and the one its shares suggest.
LABELLINGS = (FLATNESS, VALUE)

#: Minima that are mirror images of one another through the origin.
MIRROR_PAIRS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "himmelblau": (),
    "three_hump_camel": (("LM1", "LM2"),),
    "six_hump_camel": (("GM1", "GM2"), ("LM1", "LM2"), ("LM3", "LM4")),
}


@dataclass(frozen=True)
class PrintedRow:
    """One row of the printed table.

    Attributes
    ----------
    function, method : str
        Names of this project.
    bins : tuple of str
        Labels of the minima in printed order, then Else.
    entries : tuple of str
        Percentages as printed, since their decimals tell how they were rounded.
    notes : tuple of str
        What was noted of each entry when it was copied.
    """

    function: str
    method: str
    bins: tuple[str, ...]
    entries: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def shares(self) -> tuple[float, ...]:
        """The entries as numbers, in percent."""
        return tuple(float(entry) for entry in self.entries)

    @property
    def total(self) -> Decimal:
        """The exact sum of the entries, in percent."""
        return exact_sum(self.entries)

    @property
    def title(self) -> str:
        """Where a reader finds the row."""
        return f"Table 1, {FUNCTION_NAMES[self.function]}, {METHOD_NAMES[self.method]}"


PrintedTable = Mapping[tuple[str, str], PrintedRow]


def load_printed(source: str) -> dict[tuple[str, str], PrintedRow]:
    """Load the printed table, by function and method.

    Parameters
    ----------
    source : str
        A folder of the reference data.
    """
    path = REFERENCE / source / "table1_stationary_distribution.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    functions = {title: name for name, title in FUNCTION_NAMES.items()}
    methods = {title: name for name, title in METHOD_NAMES.items()}
    return {
        (functions[function], methods[method]): PrintedRow(
            functions[function],
            methods[method],
            tuple(rows["bin"]),
            tuple(entry.rstrip(".") for entry in rows["value_as_printed"]),
            tuple(rows["note"]),
        )
        for (function, method), rows in table.groupby(["function", "algorithm"], sort=False)
    }


def exact_sum(entries: Iterable[str]) -> Decimal:
    """Return the exact sum of printed entries."""
    return sum((Decimal(entry) for entry in entries), Decimal())


def decimals(entry: str) -> int:
    """Return how many decimals an entry is printed with."""
    return len(entry.partition(".")[2])


def nearest_count(entry: str, runs: int) -> int:
    """Return the number of trajectories out of `runs` whose share is nearest to an entry."""
    return round(Fraction(entry) * runs / 100)


def whole_counts(shares: Sequence[float], runs: int) -> tuple[int, ...]:
    """Return whole numbers of trajectories with given shares, `runs` in all.

    Each share of the total is rounded down, and those that lost most get the rest: rows that do not
    add up to 100 are scaled.

    Parameters
    ----------
    shares : sequence of float
        In percent, or in any unit.
    runs : int
    """
    exact = [share * runs / sum(shares) for share in shares]
    counts = [int(number) for number in exact]
    lost = sorted(range(len(exact)), key=lambda i: counts[i] - exact[i])
    for i in lost[: runs - sum(counts)]:
        counts[i] += 1
    return tuple(counts)


def fits(entry: str, runs: int) -> bool:
    """Return whether some share of `runs` trajectories, rounded as printed, gives an entry."""
    share = Fraction(100 * nearest_count(entry, runs), runs)
    return abs(share - Fraction(entry)) <= Fraction(1, 2 * 10 ** decimals(entry))


def implied_runs(row: PrintedRow) -> int:
    """Return which of `RUN_COUNTS` fits most entries of a row, the first where several do."""
    return max(RUN_COUNTS, key=lambda runs: sum(fits(entry, runs) for entry in row.entries))


def our_labels(function: str, labelling: str) -> dict[str, str]:
    """Return which of our labels a printed label stands for.

    Our labels number the local minima by flatness, as the paper says it does. In the other
    labelling its LM1.. are the local minima in order of their value.
    """
    minima = [p for p in stationary_points(make_problem(function, {})) if p.kind == "minimum"]
    labels = {p.label: p.label for p in minima}
    if labelling == VALUE:
        local = [p for p in minima if p.label.startswith("LM")]
        by_value = sorted(local, key=lambda p: (round(p.value, 6), p.label))
        labels |= {f"LM{i}": p.label for i, p in enumerate(by_value, start=1)}
    return labels
