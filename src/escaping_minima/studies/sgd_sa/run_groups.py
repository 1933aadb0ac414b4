"""Which runs belong together, in the order of tables and figures."""

from __future__ import annotations

from escaping_minima.studies.sgd_sa.layout import SOURCES, TESTED
from escaping_minima.studies.sgd_sa.names import SINGLE_RATES, single_rate

#: Both methods of Table 1, the paper's own first.
METHODS = ("sgd_sa", "scheduled_sgd")
#: The controls of SGD-SA, which the paper lacks.
CONTROLS: tuple[str, ...] = (
    "accept_off",
    "no_large_rates",
    "scheduled_from_largest",
    *(single_rate(rate, tested) for rate in SINGLE_RATES for tested in (False, True)),
)
#: Other readings of SGD-SA and of SSA.
READINGS: tuple[str, ...] = (
    "as_printed",
    "mean_loss_unit",
    "statistics_rolled_back",
    "cooled_each_minibatch",
)
SSA_READINGS: tuple[str, ...] = (
    "ssa_shortened",
    "ssa_refreshed",
    "ssa_cooled_each_minibatch",
    "ssa_error",
)
#: Variants of role "sources": what alone varies between runs.
VARIED = tuple(f"vary_{name}" for name in (*SOURCES.values(), *TESTED.values()))
