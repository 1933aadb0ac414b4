"""Table 4 as if its centres and spreads were those of one trajectory of ours."""

from __future__ import annotations

import math

import pandas as pd

from escaping_minima.claims.records import Records
from escaping_minima.studies.populations.measures import MEASURE_NAMES, MODEL_NAMES
from escaping_minima.studies.populations.printed import load_table4
from escaping_minima.studies.populations.run_tables import Tables, main_sides

#: The text says "average", the caption "median": a printed centre stands for either.
_STANDS_FOR = {
    "score": "centre",
    "score_median": "centre",
    "score_sd": "spread",
}


def printed_tables(records: Records) -> Tables:
    """Return the printed test scores, with no other measure: of losses p-values alone are printed.

    One number stands for five trajectories, so that no error of it is known: it says on which side
    of a record the paper is, and decides nothing.
    """
    printed = load_table4()
    cells = printed["task"] + " " + printed["method"]
    others = dict.fromkeys((n for n in MEASURE_NAMES if n not in _STANDS_FOR), math.nan)
    measures = {name: printed[column] for name, column in _STANDS_FOR.items()}
    values = pd.DataFrame({"cell": cells, "set": printed["set"], "block": 0, **measures, **others})
    rows = printed.assign(cell=cells, role="tuned", blocks=1).drop_duplicates("cell")
    return Tables(
        cells=rows[["cell", "role", "task", "method", "blocks"]],
        values=values.set_index(["cell", "set", "block"]).sort_index(),
        singles=_nothing("cell", "rule", "block").reindex(columns=list(MODEL_NAMES)),
        # no method of the paper is known to do what SGD does
        runs=pd.DataFrame(
            {"gradients": math.nan, "acted": 1.0},
            index=pd.MultiIndex.from_product([rows["cell"], [0]], names=["cell", "block"]),
        ),
        curves=_nothing("cell", "block"),
        words=records.words,
        sides=main_sides(records),
        lacking={family.id: "what is not printed" for family in records.families},
    )


def _nothing(*levels: str) -> pd.DataFrame:
    empty = [pd.Index([], dtype=object)] * len(levels)
    return pd.DataFrame(index=pd.MultiIndex.from_arrays(empty, names=list(levels)))
