"""The cells on skip connections: networks with them and without, and planes around their states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from escaping_minima.kinds.cell import Cell
from escaping_minima.kinds.probe.cell import make_probe_cell
from escaping_minima.kinds.training.cell import TrainingCell, make_training_cell
from escaping_minima.plan.cells import PlannedCell

#: What families of claims call all jobs of these cells.
GROUP = "skips"
#: Roles of the runs, and of planes around their last states. Around a start there are none: batch
#: normalisation has no statistics there yet, so that inference is of another network.
RUNS, PLANES = "skips", "skip_planes"
ARMS: Mapping[str, bool] = {"with": True, "without": False}
#: Core-seconds below which several blocks share a job: starting one costs seconds.
JOB_COST = 60.0


class SkipSettings(Protocol):
    """The settings of the study that these cells depend on."""

    @property
    def skip_size(self) -> str:
        """One of `SIZES`."""

    @property
    def skip_seeds(self) -> int:
        """Seeds of each network, with skips and without."""

    @property
    def skip_rates(self) -> bool:
        """Whether runs at other rates stand beside those at the main one."""


@dataclass(frozen=True)
class Training:
    """How a network is trained, with skips and without.

    Attributes
    ----------
    problem : Mapping
        Settings of the problem, without ``skips``.
    epochs, batch : int
    plane : Mapping
        Settings of the planes around its states.
    """

    problem: Mapping[str, Any]
    epochs: int
    batch: int
    plane: Mapping[str, Any]


def _images(data: str, train: int, test: int) -> dict[str, Any]:
    return {"data": data, "train_images": train, "test_images": test}


_LARGE = {"images": 2000, "batch": 500, "planes": 2, "points": 25, "products": 30}
#: By size, what each network is trained on and how. Epochs, rates and thresholds were chosen for
#: what they take and so that a run may get there, after a few runs on the sample with a seed
#: that no scale has.
SIZES: Mapping[str, Mapping[str, Training]] = {
    "tiny": {
        "skip_mlp": Training(
            {**_images("generated", 60, 20), "depth": 5, "width": 8},
            *(2, 20),
            {"images": 20, "points": 5, "curvature_points": 3, "products": 4},
        ),
        "skip_resnet": Training(
            {**_images("generated", 40, 20), "divisor": 32, "depth": 8},
            *(2, 20),
            {"images": 20, "points": 5, "products": 4},
        ),
    },
    "short": {
        "skip_mlp": Training(
            _images("sample", 2000, 500),
            *(4, 50),
            {"images": 200, "batch": 200, "curvature_points": 3, "products": 10},
        ),
        "skip_resnet": Training(
            {**_images("sample", 300, 100), "divisor": 16},
            *(4, 20),
            {"images": 50, "batch": 50, "points": 9, "products": 10},
        ),
    },
    "sample": {
        "skip_mlp": Training(
            _images("sample", 2000, 2000),
            *(40, 50),
            {"batch": 250, "planes": 2, "points": 25, "curvature_points": 5, "products": 30},
        ),
        "skip_resnet": Training(
            {**_images("sample", 2000, 500), "divisor": 8},
            *(30, 50),
            {"planes": 2, "points": 13, "products": 30},
        ),
    },
    "full": {
        "skip_mlp": Training(
            _images("full", 60_000, 10_000),
            *(20, 50),
            {**_LARGE, "curvature_points": 5},
        ),
        "skip_resnet": Training(
            _images("full", 50_000, 10_000),
            *(20, 50),
            _LARGE,
        ),
    },
}
METHOD = "gd"
#: By network, the learning rate of all that is judged, and others beside it.
RATES: Mapping[str, float] = {"skip_mlp": 0.03, "skip_resnet": 0.1}
OTHER_RATES: Mapping[str, tuple[float, ...]] = {
    "skip_mlp": (0.01, 0.1),
    "skip_resnet": (0.03, 0.3),
}
#: By network, losses over all training images, in inference mode, that a run is to come below: the
#: first is that of claims. Guessing one of ten classes costs 2.3.
THRESHOLDS: Mapping[str, tuple[float, ...]] = {
    "skip_mlp": (0.1, 1.0, 0.5),
    "skip_resnet": (1.0, 0.5, 0.1),
}


def skip_items(settings: SkipSettings) -> list[PlannedCell]:
    """Lay out every cell on skip connections, seed by seed; planes come after what they read.

    Parameters
    ----------
    settings : SkipSettings
        Without seeds there are none.

    Returns
    -------
    list of PlannedCell
        With labels ``role``, ``problem``, ``arm`` and ``point``, all texts.
    """
    sizes = SIZES[settings.skip_size]
    main = [item for name in sizes for item in _runs(name, sizes[name], RATES[name])]
    planes = [_plane(run, sizes[run.cell.problem]) for run in main]
    others = [
        item
        for name in (sizes if settings.skip_rates else ())
        for rate in OTHER_RATES[name]
        for item in _runs(name, sizes[name], rate)
    ]
    seeds = settings.skip_seeds
    parts = (("skips", main), ("skip_planes", planes), ("skip_rates", others))
    return [planned for name, items in parts for planned in _pack(name, items, seeds)]


@dataclass(frozen=True)
class _Item:
    cell: Cell
    labels: Mapping[str, str]


@dataclass(frozen=True)
class _Run(_Item):
    cell: TrainingCell


def _runs(name: str, training: Training, rate: float) -> Iterator[_Run]:
    """Yield the two runs of a network that are compared."""
    is_main = rate == RATES[name]
    # of other rates nothing is probed
    kept = (training.epochs,) if is_main else ()
    sizes = {"first": training.batch, "last": training.batch, "line": "epochs"}
    for arm, skips in ARMS.items():
        cell = make_training_cell(
            name,
            METHOD,
            training.epochs,
            sizes,
            {**training.problem, "skips": skips},
            {"learning_rate": rate},
            keep_epochs=kept,
        )
        point = "" if is_main else f"rate {rate:g}"
        yield _Run(cell, {"role": RUNS, "problem": name, "arm": arm, "point": point})


def _plane(run: _Run, training: Training) -> _Item:
    """Return the planes around the last state of a run."""
    cell = make_probe_cell(run.cell, f"epoch{training.epochs}", "loss_plane", training.plane)
    return _Item(cell, {**run.labels, "role": PLANES})


def _pack(name: str, items: list[Any], seeds: int) -> Iterator[PlannedCell]:
    """Spread blocks over jobs of JOB_COST or more, seed by seed over all cells."""
    number, cost = 0, 0.0
    for seed in range(seeds):
        for item in items:
            if cost >= JOB_COST:
                number, cost = number + 1, 0.0
            cost += item.cell.cost
            job = f"{name}_{number:03d}"
            yield PlannedCell(item.cell, 1, job, item.labels, first=seed, group=GROUP)
