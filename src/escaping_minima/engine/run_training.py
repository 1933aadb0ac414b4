"""Run one block of network training: one run from its named start, measured after each epoch.

The data stay on the device and batches are gathered by index. A run depends on its cell and its
index alone: order, dropout and initial weights are named draws, so that methods and batch sizes
that are compared share them, and a resumed run needs no generator state.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from escaping_minima.engine.batch_sizes import BatchSizes, batch_bounds
from escaping_minima.engine.captured import CapturedUpdate, Update
from escaping_minima.engine.dropout import DropoutBits, HalfDropout
from escaping_minima.engine.evaluation import Evaluation, evaluate
from escaping_minima.engine.flat_network import FlatNetwork, draw_glorot_uniform
from escaping_minima.engine.network_objective import NetworkNoise, NetworkObjective
from escaping_minima.engine.streams import Streams
from escaping_minima.engine.training_checkpoints import TrainingCheckpoint

if TYPE_CHECKING:
    from escaping_minima.data.load import ImageData
    from escaping_minima.methods.protocol import Method, State
    from escaping_minima.problems.network import NetworkProblem


class Stopped(Exception):  # noqa: N818 - a request obeyed, not an error
    """The run was asked to stop; its state is in the checkpoint."""


@dataclass(frozen=True)
class TrainingSettings:
    """What the outside decides about a run without touching its numbers.

    Attributes
    ----------
    checkpoint : Path or None
        Where the state is kept while the block runs.
    checkpoint_seconds : float
        At least this long between two checkpoints.
    should_stop : callable
        Asked before each update; true means: save and raise Stopped.
    device : str
        A torch device.
    """

    checkpoint: Path | None = None
    checkpoint_seconds: float = 30.0
    should_stop: Callable[[], bool] = bool
    device: str = "cpu"


@dataclass(frozen=True)
class TrainingResult:
    """What a block leaves.

    Attributes
    ----------
    curves : dict of list
        One entry an epoch, epoch 0 being the start: ``epoch, batch_size, updates, running_loss,
        train_loss, train_error, test_loss, test_error, parameter_min, parameter_max, weight_min,
        weight_max``. Losses are mean cross-entropies in inference mode, but for ``running_loss``,
        the mean over the epoch's batches in training mode; errors are percent. Extrema are over
        the weights and biases of convolutions and dense layers, and over the weights alone.
    wrong : ndarray of shape (test images,), bool
        Which test images the network classifies wrongly at the end.
    diverged : bool
        A loss was not finite; the curves end with that epoch.
    parameters : int
        Weights and biases of convolutions and dense layers.
    gradient_evaluations, loss_evaluations : int
        Minibatches.
    seconds : float
        At work, over all sessions.
    """

    curves: dict[str, list[float]]
    wrong: np.ndarray
    diverged: bool
    parameters: int
    gradient_evaluations: int
    loss_evaluations: int
    seconds: float


@dataclass
class _Position:
    """Where a run is, besides its tensors: all plain numbers, as a checkpoint holds them."""

    epoch: int = 1
    image: int = 0
    updates: int = 0
    running: float = 0.0
    gradient_evaluations: int = 0
    loss_evaluations: int = 0
    seconds: float = 0.0
    rows: list[dict[str, float]] = field(default_factory=list)


class _Run:
    """One run in progress."""

    def __init__(
        self,
        name: str,
        problem: NetworkProblem,
        data: ImageData,
        method: Method,
        block: int,
        device: torch.device,
    ) -> None:
        self.streams = Streams(name, block)
        self.scale = problem.input_scale
        self.network = FlatNetwork(problem.network(), device)
        draw_glorot_uniform(self.network, self.streams)
        self.train_images = torch.tensor(data.train_images, device=device)
        self.test_images = torch.tensor(data.test_images, device=device)
        labels = problem.training_labels(data, self.streams)
        self.train_labels = torch.from_numpy(labels.astype(np.int64)).to(device)
        self.test_labels = torch.from_numpy(data.test_labels.astype(np.int64)).to(device)
        self.dropout = [m for m in self.network.module.modules() if isinstance(m, HalfDropout)]
        self.bits = DropoutBits(self.dropout, self.streams, len(labels), device)
        self.objective = NetworkObjective(self.network)
        self.noise = NetworkNoise(self.streams, self.network.w)
        self.method = method
        self.state: State = method.start(self.network.w)
        self.running = torch.zeros((), dtype=torch.float64, device=device)
        self.order = torch.empty(0)
        self.at = _Position()
        captured = device.type == "cuda" and getattr(method, "capturable", False)
        self.step: Update = CapturedUpdate(self._step, self.objective) if captured else self._step

    def begin_epoch(self) -> None:
        """Draw the order and the dropout bits of the present epoch."""
        order = self.streams.generator("order", self.at.epoch).permutation(len(self.train_images))
        self.order = torch.from_numpy(order).to(self.train_images.device)
        self.bits.draw(self.at.epoch)

    def update(self, begin: int, end: int) -> None:
        """Do one update with the images at places ``begin .. end`` of the epoch's order."""
        self.noise.update = self.at.updates
        self.step(self.order[begin:end], self.bits.parts(begin, end))
        self.at.updates += 1
        self.at.image = end

    def _step(self, rows: Tensor, bits: Sequence[Tensor]) -> None:
        for layer, part in zip(self.dropout, bits, strict=True):
            layer.bits = part
        images = self.train_images[rows].float().div_(self.scale)
        self.objective.take(images, self.train_labels[rows])
        self.method.step(self.network.w, self.state, self.objective, self.noise)
        self.running.add_(self.objective.first_loss, alpha=len(rows))

    def measure(self, batch_size: int) -> Evaluation:
        """Add a row to the curves; return what the network makes of the test set."""
        self.network.bind(self.network.w)
        module = self.network.module
        train = evaluate(module, self.train_images, self.train_labels, self.scale)
        test = evaluate(module, self.test_images, self.test_labels, self.scale)
        dense = self.network.dense_parameters()
        weights = _extrema(dense["weights"])
        biases = _extrema(dense["biases"])
        started = bool(self.at.rows)
        self.at.rows.append(
            {
                "epoch": float(self.at.epoch if started else 0),
                "batch_size": float(batch_size if started else 0),
                "updates": float(self.at.updates),
                "running_loss": float(self.running) / len(self.order) if started else math.nan,
                "train_loss": train.loss,
                "train_error": train.error,
                "test_loss": test.loss,
                "test_error": test.error,
                "parameter_min": min(weights[0], biases[0]),
                "parameter_max": max(weights[1], biases[1]),
                "weight_min": weights[0],
                "weight_max": weights[1],
            }
        )
        return test

    @property
    def diverged(self) -> bool:
        """Whether the newest row has a loss that is not finite."""
        row = self.at.rows[-1]
        losses = (row["train_loss"], row["test_loss"], row["running_loss"])
        return not all(map(math.isfinite, losses if len(self.at.rows) > 1 else losses[:2]))

    def pack(self) -> dict[str, Any]:
        """Return all that a resumed run needs."""
        self.at.running = float(self.running)
        self.at.gradient_evaluations = self.objective.gradient_evaluations
        self.at.loss_evaluations = self.objective.loss_evaluations
        return {
            "at": vars(self.at),
            "w": self.network.w,
            "method": dict(self.state),
            "network": self.network.buffers(),
        }

    def restore(self, packed: dict[str, Any]) -> None:
        """Take up a state from `pack`."""
        self.at = _Position(**packed["at"])
        self.running.fill_(self.at.running)
        self.objective.gradient_evaluations = self.at.gradient_evaluations
        self.objective.loss_evaluations = self.at.loss_evaluations
        self.network.w.copy_(packed["w"])
        for name, tensor in packed["method"].items():
            self.state[name].copy_(tensor)
        for name, tensor in packed["network"].items():
            self.network.buffers()[name].copy_(tensor)


def run_training(
    name: str,
    problem: NetworkProblem,
    data: ImageData,
    method: Method,
    sizes: BatchSizes,
    epochs: int,
    block: int,
    settings: TrainingSettings,
) -> TrainingResult:
    """Train one network.

    Parameters
    ----------
    name : str
        Of the problem; names the random streams.
    problem : NetworkProblem
    data : ImageData
        What it is trained and tested on.
    method : Method
    sizes : BatchSizes
    epochs : int
    block : int
        Index of the run.
    settings : TrainingSettings

    Raises
    ------
    Stopped
        If ``should_stop`` said so; a later call goes on from the checkpoint, bit for bit.
    """
    device = torch.device(settings.device)
    with torch.no_grad():
        run = _Run(name, problem, data, method, block, device)
        keeper = _Keeper(run, settings)
        keeper.restore()
        # a checkpoint lies before an update, so a resumed run has an epoch to measure as well
        test = None if run.at.rows else run.measure(0)
        while run.at.epoch <= epochs and not run.diverged:
            size = sizes.size(run.at.epoch, epochs)
            _run_epoch(run, size, keeper)
            if run.at.epoch == epochs:
                method.finish(run.network.w, run.state, run.objective)
            test = run.measure(size)
            run.at.epoch, run.at.image = run.at.epoch + 1, 0
            run.running.zero_()
    assert test is not None
    keeper.tick()
    columns = {key: [row[key] for row in run.at.rows] for key in run.at.rows[0]}
    return TrainingResult(
        curves=columns,
        wrong=test.wrong.cpu().numpy(),
        diverged=run.diverged,
        parameters=sum(p.numel() for ps in run.network.dense_parameters().values() for p in ps),
        gradient_evaluations=run.objective.gradient_evaluations,
        loss_evaluations=run.objective.loss_evaluations,
        seconds=run.at.seconds,
    )


def _run_epoch(run: _Run, size: int, keeper: _Keeper) -> None:
    run.begin_epoch()
    for begin, end in batch_bounds(len(run.train_images), size):
        if begin >= run.at.image:
            keeper.look()
            run.update(begin, end)


class _Keeper:
    """Saves the state when it is time, and stops the run when asked."""

    def __init__(self, run: _Run, settings: TrainingSettings) -> None:
        self._run = run
        self._settings = settings
        path = settings.checkpoint
        self._checkpoint = None if path is None else TrainingCheckpoint(path)
        self._ticked = self._saved = time.monotonic()

    def restore(self) -> None:
        """Go on from the newest checkpoint, if there is one."""
        packed = self._checkpoint.load() if self._checkpoint else None
        if packed is not None:
            self._run.restore(packed)

    def tick(self) -> None:
        """Add the time since the last call to the time at work."""
        now = time.monotonic()
        self._run.at.seconds += now - self._ticked
        self._ticked = now

    def look(self) -> None:
        """Save if it is time to, or if the run is asked to stop."""
        stop = self._settings.should_stop()
        due = time.monotonic() - self._saved >= self._settings.checkpoint_seconds
        if self._checkpoint is not None and (stop or due):
            self.tick()
            self._checkpoint.save(self._run.pack())
            self._saved = time.monotonic()
        if stop:
            raise Stopped


def _extrema(tensors: list[Tensor]) -> tuple[float, float]:
    ends = torch.stack([torch.stack(t.detach().aminmax()) for t in tensors])
    return float(ends[:, 0].min()), float(ends[:, 1].max())
