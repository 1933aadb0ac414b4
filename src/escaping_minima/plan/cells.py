"""Cells: one combination of problem, method and settings, named by its content."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from escaping_minima.registry import load_method, load_problem


@dataclass(frozen=True)
class Cell(ABC):
    """What decides the numbers of a run, apart from the block's index and the code.

    Attributes
    ----------
    problem, method : str
        Names of modules in ``problems`` and ``methods``.
    problem_settings, method_settings : Mapping
        Every setting, defaults included, so that a changed default is another cell.
    """

    #: The modules, besides problem and method, whose sources decide the numbers.
    MODULES: ClassVar[tuple[str, ...]]

    problem: str
    problem_settings: Mapping[str, Any]
    method: str
    method_settings: Mapping[str, Any]

    @property
    def id(self) -> str:
        """First 10 hex digits of the SHA-256 of the canonical JSON."""
        return hashlib.sha256(canonical_json(asdict(self)).encode()).hexdigest()[:10]

    @property
    @abstractmethod
    def cost(self) -> float:
        """Rough core-seconds of a block, by which progress weighs blocks of unlike cells."""

    @property
    def data_set(self) -> str:
        """The data set that must be fetched for it, empty if none."""
        return ""

    @property
    def uses_gpu(self) -> bool:
        """Whether it trains on a GPU where there is one."""
        return False

    def record(self) -> dict[str, Any]:
        """Return the cell as plain data, as manifests and plans carry it."""
        return dict(json.loads(canonical_json(asdict(self))))

    @staticmethod
    def from_record(record: Mapping[str, Any]) -> Cell:
        """Rebuild a cell from `record`."""
        kind = TrainingCell if "epochs" in record else PlaneCell
        return kind(**record)


@dataclass(frozen=True)
class PlaneCell(Cell):
    """A method on a function of the plane.

    Attributes
    ----------
    steps : int
        Iterations.
    snapshot_every : int
        Steps between two looks at where a trajectory is.
    """

    MODULES: ClassVar[tuple[str, ...]] = ("engine.run_blocks",)

    steps: int
    snapshot_every: int

    @property
    def cost(self) -> float:
        """See `Cell.cost`; measured with blocks side by side."""
        return 1e-4 * self.steps


@dataclass(frozen=True)
class TrainingCell(Cell):
    """A method training a network on a data set.

    Attributes
    ----------
    epochs : int
        Passes over the training data.
    batch_size : Mapping
        The settings of an `escaping_minima.engine.batch_sizes.BatchSizes`.
    """

    # of the data room only what turns bytes into arrays: the bytes themselves are vouched for by
    # their checksums, which every manifest records
    MODULES: ClassVar[tuple[str, ...]] = ("engine.run_training", "data.decode_images")

    epochs: int
    batch_size: Mapping[str, Any]

    @property
    def cost(self) -> float:
        """See `Cell.cost`; an image costs about a millisecond."""
        return 1e-3 * self.epochs * float(self.problem_settings["train_images"])

    @property
    def data_set(self) -> str:
        """See `Cell.data_set`; samples lie in the repository."""
        if self.problem_settings["data"] != "full":
            return ""
        return str(load_problem(self.problem, self.problem_settings).DATA_SET)

    @property
    def uses_gpu(self) -> bool:
        """See `Cell.uses_gpu`."""
        return True


@dataclass(frozen=True)
class PlannedCell:
    """A cell with its place in a study.

    Attributes
    ----------
    cell : Cell
    blocks : int
        How many blocks the scale asks for.
    job : str
        The job of the study that runs it.
    labels : Mapping
        What the study calls it (role, point of a sweep, variant); no part of its identity.
    first : int
        Index of the first of the blocks: a job may have only some blocks of a cell.
    group : str
        What families of claims call the jobs they rest on; the job itself if empty.
    """

    cell: Cell
    blocks: int
    job: str
    labels: Mapping[str, Any] = field(default_factory=dict)
    first: int = 0
    group: str = ""


def make_cell(
    problem: str,
    method: str,
    steps: int,
    snapshot_every: int,
    problem_settings: Mapping[str, Any] | None = None,
    method_settings: Mapping[str, Any] | None = None,
) -> PlaneCell:
    """Build a cell of the plane, filling in the defaults of its problem and method.

    Raises
    ------
    UserError
        If a name or setting does not exist or has an impossible value.
    """
    common = _with_defaults(problem, problem_settings, method, method_settings)
    return PlaneCell(**common, steps=steps, snapshot_every=snapshot_every)


def make_training_cell(
    problem: str,
    method: str,
    epochs: int,
    batch_size: Mapping[str, Any],
    problem_settings: Mapping[str, Any] | None = None,
    method_settings: Mapping[str, Any] | None = None,
) -> TrainingCell:
    """Build a cell of network training, filling in the defaults of its problem and method.

    Raises
    ------
    UserError
        If a name or setting does not exist or has an impossible value.
    """
    common = _with_defaults(problem, problem_settings, method, method_settings)
    return TrainingCell(**common, epochs=epochs, batch_size=dict(batch_size))


def canonical_json(value: Any) -> str:
    """Return JSON with sorted keys and no spaces: equal values, equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _with_defaults(
    problem: str,
    problem_settings: Mapping[str, Any] | None,
    method: str,
    method_settings: Mapping[str, Any] | None,
) -> dict[str, Any]:
    return {
        "problem": problem,
        "problem_settings": asdict(load_problem(problem, problem_settings or {})),
        "method": method,
        "method_settings": asdict(load_method(method, method_settings or {})),
    }
