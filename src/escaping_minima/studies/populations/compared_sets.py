"""Two sets of models compared: by the paper's tests, and with the trajectory as the unit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from escaping_minima.draws.streams import Streams
from escaping_minima.statistics.clusters import cluster_bootstrap, intraclass_correlation
from escaping_minima.statistics.equivalence import tost_paired
from escaping_minima.statistics.mixed_models import mixed_model
from escaping_minima.statistics.permutations import permutation_test, sign_flip_test
from escaping_minima.studies.populations.printed import Test

Floats = NDArray[np.float64]
#: What is found of a comparison; NaN where it cannot be, "" where there is nothing to say.
NUMBERS = (
    *("difference", "low", "high", "effect", "p", "least_p", "apart_p", "mixed_p"),
    *("margin", "tost_p", "icc", "icc_low", "icc_high", "other_icc"),
)
WORDS = ("reason", "mixed_reason")


@dataclass(frozen=True)
class SetOfModels:
    """The models of one set of a cell.

    Attributes
    ----------
    cell, name : str
        The cell, and "A", "B" or "V".
    values : Mapping of int to ndarray
        By block, one a model: test score in percent, or training loss.
    """

    cell: str
    name: str
    values: Mapping[int, Floats]

    def means(self, blocks: Sequence[int]) -> Floats:
        """Return the means of some trajectories, the same in whatever order the models come."""
        values = [self.values[block] for block in blocks]
        return np.array([math.fsum(v) / len(v) for v in values])

    @property
    def pooled(self) -> Floats:
        """All models, as if no two were of one trajectory."""
        return np.concatenate([np.empty(0), *self.values.values()])


def set_of_models(selected: pd.DataFrame, cell: str, name: str, column: str) -> SetOfModels:
    """Take one set of a cell out of all.

    Parameters
    ----------
    selected : DataFrame
        As `select_sets` gives them.
    cell, name : str
    column : str
        ``test_score`` or ``train_loss``.
    """
    rows = selected[(selected["cell"] == cell) & (selected["set"] == name)]
    values = {
        int(str(block)): models[column].to_numpy(np.float64)
        for block, models in rows.groupby("block")
    }
    return SetOfModels(cell, name, values)


def naive_p(one: SetOfModels, other: SetOfModels, test: Test) -> float:
    """Return the p-value of the paper's test, which takes all models for independent.

    Parameters
    ----------
    one, other : SetOfModels
    test : {"t", "mann_whitney"}

    Returns
    -------
    float
        Two-sided; NaN where a set has fewer than two models, or nothing varies.
    """
    left, right = one.pooled, other.pooled
    if min(len(left), len(right)) < 2 or np.ptp(np.concatenate([left, right])) == 0.0:
        return math.nan
    if test == "t":
        # all models of each set may be equal: t is then infinite
        with np.errstate(divide="ignore"):
            return float(stats.ttest_ind(left, right).pvalue)
    return float(stats.mannwhitneyu(left, right).pvalue)


def compare(one: SetOfModels, other: SetOfModels, margin: float) -> dict[str, Any]:
    """Compare two sets with the trajectory as the unit: the other less the one.

    Trajectories with the same block share starts and the order of their data, or are the same
    trajectory; they are paired. Two sets of different runs are compared apart as well, and the
    mixed model takes them apart.

    Parameters
    ----------
    one, other : SetOfModels
    margin : float
        Of equivalence; NaN where none is stated.

    Returns
    -------
    dict
        ``trajectories`` (pairs), ``models`` (of the smaller set), `NUMBERS` and `WORDS`.
    """
    blocks = sorted(set(one.values) & set(other.values))
    found: dict[str, Any] = dict.fromkeys(NUMBERS, math.nan) | dict.fromkeys(WORDS, "")
    found |= {"trajectories": len(blocks), "margin": margin}
    found["models"] = min(len(one.pooled), len(other.pooled))
    if not blocks:
        return found | {"reason": "no trajectory has both sets"}
    differences = other.means(blocks) - one.means(blocks)
    found["difference"] = float(differences.mean())
    found |= _alike(one, "icc") | _alike(other, "other_icc", ends=False)
    if len(blocks) < 2:
        return found | {"reason": "one trajectory has no spread", "mixed_reason": "one trajectory"}
    return found | _paired(one, other, blocks, margin) | _by_cell(one, other)


def _alike(models: SetOfModels, name: str, ends: bool = True) -> dict[str, float]:
    found = intraclass_correlation(tuple(models.values.values()))
    numbers = {name: found.icc, f"{name}_low": found.low, f"{name}_high": found.high}
    return numbers if ends else {name: found.icc}


def _paired(
    one: SetOfModels, other: SetOfModels, blocks: Sequence[int], margin: float
) -> dict[str, Any]:
    ours, theirs = one.means(blocks), other.means(blocks)
    differences = theirs - ours
    test = sign_flip_test(list(differences), _rng("signs", one, other))
    low, high = cluster_bootstrap(theirs, ours, _rng("bootstrap", one, other), paired=True)
    spread = float(ours.std(ddof=1))
    same = not differences.any()
    return {
        "p": test.p,
        "least_p": test.least_p,
        "low": low,
        "high": high,
        "effect": float(differences.mean()) / spread if spread else math.nan,
        "tost_p": math.nan if math.isnan(margin) else tost_paired(list(differences), margin),
        "reason": "no trajectory has a difference" if same else "",
    }


def _by_cell(one: SetOfModels, other: SetOfModels) -> dict[str, Any]:
    """Compare what takes all trajectories: sets of one cell are paired, those of two are not."""
    paired = one.cell == other.cell
    blocks = set(one.values) & set(other.values)
    left, right = (
        [s.values[b] for b in sorted(blocks if paired else s.values)] for s in (other, one)
    )
    fit = mixed_model(left, right, paired)
    found: dict[str, Any] = {"mixed_p": fit.p, "mixed_reason": fit.reason}
    if paired:
        return found
    ours, theirs = (list(s.means(sorted(s.values))) for s in (other, one))
    return found | {"apart_p": permutation_test(ours, theirs, _rng("apart", one, other)).p}


def _rng(purpose: str, one: SetOfModels, other: SetOfModels) -> np.random.Generator:
    """Return the draws of a comparison, by its name: they depend on no other comparison."""
    name = f"{purpose} {one.cell} {one.name} {other.cell} {other.name}"
    return Streams("populations", 0).generator(name, 0)
