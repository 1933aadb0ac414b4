"""How cells and measures are called in verdicts, tables and figures."""

from __future__ import annotations

from collections.abc import Mapping

from escaping_minima.parts.looks import look_of

#: What is learnt, in words.
DATA_NAMES: Mapping[str, str] = {"xor": "XOR", "mnist": "MNIST"}
#: What cells are for, in words.
ROLE_NAMES: Mapping[str, str] = {
    "walk": "gradient walks",
    "curvature": "curvature at their points",
    "random": "random walks",
    "two_draws": "loss and gradient of two minibatches",
    "long_steps": "[-1, 1] with steps of 0.2",
    "descent": "descents from points of low gradient",
}
#: Ranges of starts in words, by their bound.
RANGE_NAMES: Mapping[float, str] = {1: "[-1, 1]", 10: "[-10, 10]"}
#: Methods in words.
METHOD_NAMES: Mapping[str, str] = {
    method: look_of(method).title for method in ("gradient_walk", "random_walk")
}


def depth_name(depth: int) -> str:
    """Return how a number of hidden layers is said."""
    return f"{depth} hidden layer" + ("s" if depth > 1 else "")


def width_name(width: int) -> str:
    """Return how a number of units of each hidden layer is said."""
    return f"{width} hidden units"


def setting_name(bound: float, granularity: str) -> str:
    """Return how a range of starts and a length of steps are said."""
    return f"{RANGE_NAMES[bound]} {granularity}"


#: Measures of the walks of a block in words.
MEASURE_NAMES: Mapping[str, str] = {
    "walks": "walks",
    "points": "points",
    "last_loss": "mean loss at the last step",
    "last_log_loss": "mean loss at the last step (log10)",
    "last_train_accuracy": "training accuracy at the last step (percent)",
    "last_test_accuracy": "generalisation accuracy at the last step (percent)",
    "last_test_loss": "generalisation error at the last step",
    "mean_loss": "mean loss of all points",
    "still": "walks whose loss stands still over the last tenth (percent)",
    "log_gradient_99": "99th percentile of the gradient norm (log10)",
    "log_loss_99": "99th percentile of the loss (log10)",
    "log_gradient_max": "mean over walks of the largest gradient norm (log10)",
    "log_loss_max": "mean over walks of the largest loss (log10)",
    "log_gradient_top": "largest gradient norm (log10)",
    "log_loss_top": "largest loss (log10)",
    "bic_gain": "BIC of one Gaussian less that of two, for 1,000 points",
    "overlap": "overlap of the two clusters (0 to 1)",
    "separation": "separation of the two clusters (Ashman's D)",
    "steep_weight": "points in the steep cluster (percent)",
    "shallow_weight": "points in the shallow cluster (percent)",
    "steep_mean": "gradient norm of the steep cluster above the shallow one at equal loss (log10)",
    "steep_spread": "spread of the gradient norm of the steep cluster (log10)",
    "steep_test": "generalisation error of the steep cluster above the shallow one at equal loss "
    "(log10)",
}
