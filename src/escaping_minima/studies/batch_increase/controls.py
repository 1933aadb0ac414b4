"""The same strategies under SGD, the other readings of the paper, and no short last batches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from escaping_minima.studies.batch_increase.items import Runs, adagrad, sgd
from escaping_minima.studies.batch_increase.strategies import (
    FIXED_SIZES,
    N1,
    SAMPLE,
    SAMPLE_EPOCHS,
    SAMPLE_N2,
    Strategy,
    has_short_batches,
    strategies,
)

_Readings = Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]]

#: So many of the sample's images leave no batch smaller than N1, under any of its strategies: a
#: check on what the short last batches do.
EVEN_IMAGES = 1_980
EVEN = f"{EVEN_IMAGES:,} images: no last batch below {N1}"
#: Runs that do without the images which fill no batch, in each epoch others.
LEFT_OUT = "no short last batch"
#: Other readings by name: the settings of the problem that they change, and those of AdaGrad.
READINGS: _Readings = {
    "grey values 0 to 255, not divided": ({"input_scale": 1.0}, {}),
    "batch norm as in Keras (0.99, 0.001)": (
        {"batch_norm_momentum": 0.01, "batch_norm_epsilon": 1e-3},
        {},
    ),
}
#: Those that the sample runs alone have: defaults of other frameworks than Keras.
SAMPLE_READINGS: _Readings = {
    "AdaGrad as in PyTorch: ε = 1e-10": ({}, {"epsilon": 1e-10}),
    "AdaGrad as in TensorFlow: sums begin at 0.1": ({}, {"initial_sum": 0.1}),
}
_ALL_READINGS: _Readings = {**READINGS, **SAMPLE_READINGS}


def controls(
    problem: Mapping[str, Any],
    epochs: int,
    runs: str,
    conditions: Iterable[int] = tuple(FIXED_SIZES),
    readings: _Readings = READINGS,
) -> list[Runs]:
    """Return the same strategies under SGD, and the other readings of the paper.

    Parameters
    ----------
    problem : Mapping
        Settings of the problem.
    epochs : int
    runs : str
        The role of the runs that these are controls of.
    conditions : iterable of int
        N2.
    readings : Mapping, optional
    """
    chosen = dict.fromkeys(s for n2 in conditions for s in strategies(n2))
    items = [sgd(s, problem, epochs, f"{runs}_sgd") for s in chosen]
    role = f"{runs}_variant"
    ends = [s for s in chosen if s.name == f"fixed_{N1}" or not s.is_fixed]
    for name, (changed, settings) in readings.items():
        items += [adagrad(s, {**problem, **changed}, epochs, role, name, settings) for s in ends]
    lines = [Strategy(s.name, s.first, s.last, "updates") for s in ends if not s.is_fixed]
    name = "straight line in updates"
    return items + [adagrad(s, problem, epochs, role, name) for s in lines]


def sample_controls() -> list[Runs]:
    """Return the controls of the sample runs; those that the main runs lack come last."""
    items = controls(SAMPLE, SAMPLE_EPOCHS, "sample", (SAMPLE_N2,), _ALL_READINGS)
    even, small = SAMPLE | {"train_images": EVEN_IMAGES}, strategies(SAMPLE_N2)
    items += [adagrad(s, even, SAMPLE_EPOCHS, "sample_variant", EVEN) for s in small]
    items += [sgd(s, even, SAMPLE_EPOCHS, "sample_sgd_variant", EVEN) for s in small]
    return items + without_short_batches(SAMPLE, SAMPLE_EPOCHS, "sample", small)


def without_short_batches(
    problem: Mapping[str, Any], epochs: int, runs: str, chosen: Iterable[Strategy]
) -> list[Runs]:
    """Return those of some strategies that have short last batches, without them.

    Parameters
    ----------
    problem : Mapping
        Settings of the problem.
    epochs : int
    runs : str
        The role of the runs that these are variants of.
    chosen : iterable of Strategy
    """
    images = int(problem["train_images"])
    whole = [
        replace(s, last_batch="left_out") for s in chosen if has_short_batches(s, images, epochs)
    ]
    return [adagrad(s, problem, epochs, f"{runs}_variant", LEFT_OUT) for s in whole]
