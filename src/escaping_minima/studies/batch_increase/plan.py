"""The cells of the study: four strategies for each N2, the same under SGD, the other readings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from escaping_minima.errors import UserError
from escaping_minima.kinds.training.cell import TrainingCell, make_training_cell
from escaping_minima.plan.cells import PlannedCell
from escaping_minima.studies.batch_increase.settings import Settings

_Readings = Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]]

PROBLEM = "takase_mnist"
#: Batch size at the start.
N1 = 10
#: The two conditions: batch size at the end, and the fixed sizes it is compared with.
FIXED_SIZES = {100: (10, 55, 100), 500: (10, 255, 500)}
#: The fixed sizes of section 4.5, whose runs end after fewer epochs than those of Figures 6 to 8.
SECTION_4_5 = 500
#: Images that each version of the data has: training and test.
IMAGES = {"generated": (240, 120), "sample": (10_000, 2_000), "full": (60_000, 10_000)}
#: What the sample runs train on and for how long, at every scale, so that all of them agree.
SAMPLE = {"data": "sample", "train_images": 2_000, "test_images": 2_000}
SAMPLE_EPOCHS = 8
SAMPLE_N2 = 100
#: So many of the sample's images leave no batch smaller than N1, under any of its strategies: a
#: check on what the short last batches do.
EVEN_IMAGES = 1_980
EVEN = f"{EVEN_IMAGES:,} images: no last batch below {N1}"
#: Step size of plain SGD. The paper has no SGD run; a tenth is the usual start with batch
#: normalisation.
SGD_RATE = 0.1
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
#: Core-seconds below which several blocks share a job: starting one costs seconds.
JOB_COST = 60.0


@dataclass(frozen=True)
class Strategy:
    """How the batch size goes.

    Attributes
    ----------
    name : str
        "fixed_<size>" or "linear_<N2>".
    first, last : int
        Batch size in the first epoch and in the last.
    line : str
        What it is a straight line in.
    """

    name: str
    first: int
    last: int
    line: str = "epochs"

    def record(self) -> dict[str, Any]:
        """Return the settings of the batch sizes."""
        return {"first": self.first, "last": self.last, "line": self.line}


@dataclass(frozen=True)
class _Item:
    """A cell with what the study calls it."""

    cell: TrainingCell
    labels: Mapping[str, Any] = field(default_factory=dict)


def strategies(n2: int) -> tuple[Strategy, ...]:
    """Return the four strategies of a condition: its fixed sizes, and the linear increase."""
    fixed = (Strategy(f"fixed_{size}", size, size) for size in FIXED_SIZES[n2])
    return (*fixed, Strategy(f"linear_{n2}", N1, n2))


def all_strategies() -> tuple[Strategy, ...]:
    """Return the seven strategies of both conditions; the smallest fixed size serves both."""
    return tuple(dict.fromkeys(s for n2 in FIXED_SIZES for s in strategies(n2)))


def plan_cells(settings: Settings) -> list[PlannedCell]:
    """Lay out every cell of the study, the most telling blocks first.

    Raises
    ------
    UserError
        If nothing would be run.
    """
    if not settings.seeds and not settings.sample_seeds:
        raise UserError(
            "batch_increase: found seeds 0 and sample_seeds 0; allowed: at least one of them above "
            "0; change one, or leave the study out of studies"
        )
    images = dict(zip(("train_images", "test_images"), IMAGES[settings.data], strict=True))
    main = {"data": settings.data, **images}
    epochs, seeds, sample_seeds = settings.epochs, settings.seeds, settings.sample_seeds
    mesh = strategies(SECTION_4_5) if settings.mesh_epochs not in (0, epochs) else ()
    small = strategies(SAMPLE_N2)
    # in order of value: first what every scale has, then what the figures show
    groups = {
        "sample": ([_adagrad(s, SAMPLE, SAMPLE_EPOCHS, "sample") for s in small], sample_seeds),
        "sample_controls": (_sample_controls(), sample_seeds if settings.sample_controls else 0),
        "main": ([_adagrad(s, main, epochs, "main") for s in all_strategies()], seeds),
        "section_4_5": (
            [_adagrad(s, main, settings.mesh_epochs, "section_4_5") for s in mesh],
            seeds,
        ),
        "controls": (
            _controls(main, epochs, "main", FIXED_SIZES),
            seeds if settings.controls else 0,
        ),
    }
    return [
        planned
        for group, (items, count) in groups.items()
        for planned in _pack(group, items, count)
    ]


def _adagrad(
    strategy: Strategy,
    problem: Mapping[str, Any],
    epochs: int,
    role: str,
    variant: str = "",
    settings: Mapping[str, Any] | None = None,
) -> _Item:
    cell = make_training_cell(PROBLEM, "adagrad", epochs, strategy.record(), problem, settings)
    return _Item(cell, {"role": role, "strategy": strategy.name, "variant": variant})


def _sgd(
    strategy: Strategy, problem: Mapping[str, Any], epochs: int, role: str, variant: str = ""
) -> _Item:
    settings = {"learning_rate": SGD_RATE}
    cell = make_training_cell(PROBLEM, "gd", epochs, strategy.record(), problem, settings)
    return _Item(cell, {"role": role, "strategy": strategy.name, "variant": variant})


def _controls(
    problem: Mapping[str, Any],
    epochs: int,
    runs: str,
    conditions: Iterable[int],
    readings: _Readings = READINGS,
) -> list[_Item]:
    """Return the same strategies under SGD, and the other readings of the paper."""
    chosen = dict.fromkeys(s for n2 in conditions for s in strategies(n2))
    items = [_sgd(s, problem, epochs, f"{runs}_sgd") for s in chosen]
    role = f"{runs}_variant"
    ends = [s for s in chosen if s.name == f"fixed_{N1}" or s.first != s.last]
    for name, (changed, settings) in readings.items():
        items += [_adagrad(s, {**problem, **changed}, epochs, role, name, settings) for s in ends]
    lines = [Strategy(s.name, s.first, s.last, "updates") for s in ends if s.first != s.last]
    name = "straight line in updates"
    return items + [_adagrad(s, problem, epochs, role, name) for s in lines]


def _sample_controls() -> list[_Item]:
    """Return the controls of the sample runs; those that the main runs lack come last."""
    items = _controls(SAMPLE, SAMPLE_EPOCHS, "sample", (SAMPLE_N2,), _ALL_READINGS)
    even, small = SAMPLE | {"train_images": EVEN_IMAGES}, strategies(SAMPLE_N2)
    items += [_adagrad(s, even, SAMPLE_EPOCHS, "sample_variant", EVEN) for s in small]
    return items + [_sgd(s, even, SAMPLE_EPOCHS, "sample_sgd_variant", EVEN) for s in small]


def _pack(group: str, items: Sequence[_Item], seeds: int) -> Iterator[PlannedCell]:
    """Spread blocks over jobs of JOB_COST or more, seed by seed over all cells of the group."""
    number, cost = 0, 0.0
    for seed in range(seeds):
        for item in items:
            if cost >= JOB_COST:
                number, cost = number + 1, 0.0
            cost += item.cell.cost
            job = f"{group}_{number:03d}"
            yield PlannedCell(item.cell, 1, job, item.labels, first=seed, group=group)
