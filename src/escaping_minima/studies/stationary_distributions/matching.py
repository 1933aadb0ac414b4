"""A row of ours and a printed one in the same bins, and whether they agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from escaping_minima.claims.source import ALPHA
from escaping_minima.statistics.evidence import Verdict
from escaping_minima.statistics.homogeneity import RowEquivalence, row_equivalence
from escaping_minima.studies.stationary_distributions.counts import Run
from escaping_minima.studies.stationary_distributions.printed import (
    MIRROR_PAIRS,
    PrintedRow,
    our_labels,
)

#: Largest difference of a share that does not matter: the margin of the study's claims.
MARGIN = 0.05

AS_PRINTED, SUMMED = "as printed", "mirror pairs summed"


@dataclass(frozen=True)
class MatchedRow:
    """Our counts and the printed shares in the same bins."""

    bins: tuple[str, ...]
    counts: tuple[int, ...]
    shares: tuple[float, ...]

    def equivalence(self, a: float) -> RowEquivalence:
        """Decide at level `a` whether the rows are equal within the margin."""
        return row_equivalence(self.counts, self.shares, MARGIN, a)

    def is_against(self, a: float) -> bool:
        """Return whether some bin differs by more than the margin, at level `a`."""
        return self.equivalence(a).verdict is Verdict.NOT_REPRODUCED

    def largest_difference(self) -> dict[str, Any]:
        """Return the columns of the largest difference, in points of renormalised shares."""
        effects = [abs(part.effect) for part in self.equivalence(ALPHA).bins]
        index = int(np.argmax(effects))
        return {
            "largest_difference": round(100 * effects[index], 4),
            "largest_difference_bin": self.bins[index],
        }


def match_row(run: Run, printed: PrintedRow, kind: str, labelling: str) -> MatchedRow:
    """Put our counts and a printed row into the same bins.

    Parameters
    ----------
    run : Run
    printed : PrintedRow
    kind : {"as printed", "mirror pairs summed"}
    labelling : {"by flatness", "by value"}
        What the printed labels of local minima stand for. Bins are named as printed.
    """
    labels = our_labels(run.function, labelling)
    counts = {b: run.in_bin(labels.get(b, b)) for b in printed.bins}
    shares = dict(zip(printed.bins, printed.shares, strict=True))
    pairs = MIRROR_PAIRS[run.function] if kind == SUMMED else ()
    partner = {bin_: pair for pair in pairs for bin_ in pair}
    groups = list(dict.fromkeys(partner.get(b, (b,)) for b in printed.bins))
    return MatchedRow(
        tuple("+".join(group) for group in groups),
        tuple(sum(counts[b] for b in group) for group in groups),
        tuple(sum(shares[b] for b in group) for group in groups),
    )
