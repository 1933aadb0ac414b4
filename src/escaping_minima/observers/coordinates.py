"""Some weights and biases after each epoch, for meshes that a run goes through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from escaping_minima.errors import UserError
from escaping_minima.observers.watchers import Columns, TrainingWatcher
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor

    from escaping_minima.engine.run import Run

#: How the numbers of a row are laid out in its bytes.
LAYOUT = "<f4"


@dataclass(frozen=True)
class Coordinates:
    """Table ``coordinates``: ``epoch, subset, values``, a row a subset at the start and an epoch.

    ``values`` are the bytes of ``size`` numbers in float32, little-endian. A subset is drawn by
    name, without replacement, among the weights and biases of convolutions and dense layers. It
    belongs to the problem alone: methods, batch sizes and runs that are compared share it.

    Attributes
    ----------
    subsets : int
    size : int
        Coordinates of a subset.
    """

    subsets: int = 5
    size: int = 1000

    def __post_init__(self) -> None:
        require(self.subsets >= 1, "subsets", self.subsets, "1 or more")
        require(self.size >= 1, "size", self.size, "1 or more")

    def watch_training(self, run: Run) -> TrainingWatcher:
        """See `escaping_minima.observers.watchers`."""
        return _Watcher(self, run)


class _Watcher(TrainingWatcher):
    def __init__(self, settings: Coordinates, run: Run) -> None:
        self._run = run
        self._settings = settings
        self._places = _draw(settings, run, _dense_places(run))
        # one slot an epoch, written on the device and read at the end
        self._values = run.network.w.new_zeros(run.plan.epochs + 1, len(self._places))

    def row(self) -> Mapping[str, Tensor | float]:
        """Note the coordinates after the epoch that has ended; they are no columns of curves."""
        import torch

        at = self._run.at
        slot = self._values[at.epoch if at.rows else 0]
        torch.index_select(self._run.network.w[0], 0, self._places, out=slot)
        return {}

    def tables(self) -> Mapping[str, Columns]:
        """See `TrainingWatcher.tables`."""
        import numpy as np

        # a run that diverged ends earlier
        epochs = len(self._run.at.rows)
        subsets, size = self._settings.subsets, self._settings.size
        values = self._values[:epochs].cpu().numpy().astype(LAYOUT).reshape(-1, size)
        table = {
            "epoch": np.repeat(np.arange(epochs, dtype=np.int32), subsets),
            "subset": np.tile(np.arange(subsets, dtype=np.int32), epochs),
            "values": [row.tobytes() for row in values],
        }
        return {"coordinates": table}

    def state(self) -> dict[str, Tensor]:
        """See `TrainingWatcher.state`."""
        return {"values": self._values}


def _dense_places(run: Run) -> Tensor:
    """Return where the weights, then the biases of convolutions and dense layers lie in ``w``.

    Each parameter is read in its own order, whatever the memory format of the run is.
    """
    import torch

    network = run.network
    every = torch.arange(network.w.shape[1], device=run.device)[None]
    pairs = zip(network.parameters, network.views(every), strict=True)
    by_parameter = {id(parameter): view for parameter, view in pairs}
    dense = network.dense_parameters()
    chosen = [by_parameter[id(p)].reshape(-1) for p in dense["weights"] + dense["biases"]]
    return torch.cat(chosen)


def _draw(settings: Coordinates, run: Run, places: Tensor) -> Tensor:
    """Return where the coordinates lie in ``w``, subset by subset."""
    import numpy as np
    import torch

    count, size = len(places), settings.size
    if size > count:
        raise UserError(
            f"observers: coordinates: size is {size}; allowed: {count} or less, the weights and "
            "biases of convolutions and dense layers of this network"
        )
    # not of the run's own block: all runs of a problem are seen in the same coordinates
    streams = replace(run.streams, block=0, seeds=())
    drawn = [
        streams.generator("coordinates", subset).choice(count, size, replace=False)
        for subset in range(settings.subsets)
    ]
    return places[torch.from_numpy(np.concatenate(drawn)).to(run.device)]


OBSERVER = Coordinates
