"""How strategies, conditions and measures are called in verdicts, tables and figures."""

from __future__ import annotations

from collections.abc import Mapping

from escaping_minima.parts.looks import look_of
from escaping_minima.studies.batch_increase.strategies import (
    FIXED_SIZES,
    N1,
    OTHER_ORDERS,
    Strategy,
    by_name,
)

#: Places of a condition: its fixed sizes, and the linear increase.
PLACES = ("N1", "mean", "N2", "linear")
_ARROW = "→"
_ORDER_NAMES = {"increasing": "linear", "decreasing": "decreasing", "random": "random"}


def _say(strategy: Strategy) -> str:
    if strategy.is_fixed:
        return f"fixed {strategy.first}"
    ends = [strategy.first, strategy.last]
    if strategy.order == "decreasing":
        ends.reverse()
    return f"{_ORDER_NAMES[strategy.order]} {ends[0]}{_ARROW}{ends[1]}"


#: Strategies in words, and the problems that annealing searches.
STRATEGY_NAMES: Mapping[str, str] = {
    **{name: _say(strategy) for name, strategy in by_name().items()},
    "gentle_curve": "curve of one dimension",
    "himmelblau": "Himmelblau",
    "three_hump_camel": "three-hump camel",
    "six_hump_camel": "six-hump camel",
}
#: Measures of a run in words.
MEASURE_NAMES: Mapping[str, str] = {
    "final_test_loss": "test loss at the end",
    "final_test_error": "test error at the end (percent)",
    "final_train_loss": "training loss at the end",
    "final_running_loss": "loss while training, at the end",
    "final_train_error": "training error at the end (percent)",
    "min_test_loss": "least test loss",
    "min_test_error": "least test error (percent)",
    "min_test_loss_epoch": "epoch of the least test loss",
    "smooth_min_epoch": "epoch of the least smoothed test loss",
    "test_loss_climb": "climb of test loss after its lowest window (percent)",
    "train_loss_meanwhile": "training loss at the end / where the climb begins",
    "test_loss_sd": "scatter of test loss about its moving mean",
    "test_loss_jump": "change of test loss from epoch to epoch",
    "test_loss_trend": "trend of test loss in the last tenth (percent)",
    "train_loss_trend": "trend of training loss in the last tenth (percent)",
    "updates_to_level": "updates to the common training loss",
    "epochs_to_level": "epochs to the common training loss",
    "test_loss_at_equal_updates": "test loss at equal updates",
    "test_error_at_equal_updates": "test error at equal updates (percent)",
    "updates": "updates",
    "updates_reached": "updates made by then",
    "common_level": "common training loss",
    "weight_min": "least weight",
    "weight_max": "largest weight",
    "parameter_min": "least weight or bias",
    "parameter_max": "largest weight or bias",
}
#: Measures that are 100 ln of a ratio, and shown as the ratio.
RATIOS = ("train_loss_meanwhile",)
#: Methods in words; here gradients are those of batches.
METHOD_NAMES: Mapping[str, str] = {
    "gd": "SGD",
    **{name: look_of(name).title for name in ("adagrad", "simulated_annealing")},
}
#: Roles of cells in words.
ROLE_NAMES: Mapping[str, str] = {
    "main": "AdaGrad",
    "section_4_5": "AdaGrad, section 4.5",
    "sample": "AdaGrad, sample",
    "main_sgd": "SGD",
    "sample_sgd": "SGD, sample",
    "main_variant": "other readings",
    "sample_variant": "other readings, sample",
    "sample_sgd_variant": "SGD, other readings, sample",
    "main_ladder": "AdaGrad, by horizon",
    "main_ladder_variant": "other readings, by horizon",
    "main_orders": "AdaGrad, other orders",
    "sample_ladder": "AdaGrad, sample, by horizon",
    "sample_orders": "AdaGrad, sample, other orders",
    "spread": "minibatch losses at kept states",
    "noise": "minibatch losses at states along runs",
    "flatness": "flatness at last states",
    "slice": "losses around last states",
    "annealing": "simulated annealing",
}


def strategy_at(place: str, condition: int) -> str:
    """Return the strategy at a place of a condition.

    Parameters
    ----------
    place : {"N1", "mean", "N2", "linear", "random", "decreasing"}
    condition : int
        N2.
    """
    if place in ("linear", *OTHER_ORDERS):
        return f"{place}_{condition}"
    return f"fixed_{dict(zip(('N1', 'mean', 'N2'), FIXED_SIZES[condition], strict=True))[place]}"


def condition_name(condition: int) -> str:
    """Return a condition in words: ``N2 = 100``."""
    return f"N2 = {condition}"


def condition_words(condition: int) -> str:
    """Return a condition for a heading: ``N1 = 10, N2 = 100``."""
    return f"N1 = {N1}, {condition_name(condition)}"
