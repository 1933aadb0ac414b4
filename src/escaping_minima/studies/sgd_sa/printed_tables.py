"""Table 1 as if its ten runs of each method and network were ours."""

from __future__ import annotations

import math

import pandas as pd

from escaping_minima.claims.records import Records
from escaping_minima.studies.sgd_sa.collect import CHANNELS
from escaping_minima.studies.sgd_sa.layout import CIFAR, IMAGES, PAPER_EPOCHS
from escaping_minima.studies.sgd_sa.names import MEASURE_NAMES
from escaping_minima.studies.sgd_sa.printed import LOSS_UNIT, load_table1
from escaping_minima.studies.sgd_sa.run_tables import Tables, main_sides

#: The caption says "best", the text "final", Algorithm 2 returns the best weights: which epoch a
#: printed number is of is not known, so it stands for each of these.
_STANDS_FOR = {
    "loss": ("last_test_loss", "best_test_loss", "test_loss_at_best"),
    "accuracy": ("last_test_accuracy", "best_test_accuracy"),
}


def printed_tables(records: Records) -> Tables:
    """Return the runs of Table 1, with no other measure than it has.

    Its rows of the best seeds are none of them: they follow from the others.
    """
    printed = load_table1().rename(columns={"method": "run"})
    printed["loss"] *= LOSS_UNIT
    printed["cell"] = printed["network"] + " " + printed["run"]
    named = {name: printed[column] for column, names in _STANDS_FOR.items() for name in names}
    measures = pd.DataFrame({"cell": printed["cell"], "seed": printed["seed"], **named})
    others = {name: math.nan for name in MEASURE_NAMES if name not in named}
    runs = printed.groupby(["cell", "network", "run"])
    nothing = pd.DataFrame({"cell": pd.Series(dtype=str)}).set_index("cell")
    return Tables(
        cells=runs.size()
        .rename("seeds")
        .reset_index()
        .assign(
            role="main",
            variant="",
            epochs=PAPER_EPOCHS,
            images=IMAGES["full"][CIFAR][0],
            channels=CHANNELS,
        ),
        measures=measures.assign(**others | {"diverged": 0.0})
        .set_index(["cell", "seed"])
        .sort_index(),
        curves=nothing,
        directions=nothing,
        words=records.words,
        sides=main_sides(records),
    )
