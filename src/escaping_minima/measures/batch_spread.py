"""How the losses of minibatches lie around the loss of all images, by the size of the batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from escaping_minima.draws.streams import Streams
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from escaping_minima.engine.flat_network import FlatNetwork

    Values = NDArray[np.float64]

#: Names the random streams.
NAME = "batch_spread"


@dataclass(frozen=True)
class BatchSpread:
    """Moments of E_N - E_M: E_N is the loss of N images, E_M that of all M in inference mode.

    A row for each ``size`` N, ``mode`` and ``replacement``:

    - mode "inference": no dropout, batch normalisation by its running statistics. E_N is then the
      mean of N fixed numbers. "training": dropout, and normalisation by the minibatch itself, as in
      an update; the running statistics stay as they are.
    - replacement 1: images are drawn independently; 0: minibatches are cut one after another from
      permutations, as in an epoch, whole ones only.

    Columns: ``draws`` and ``images`` (M); ``full_loss``, E_M; ``image_variance``, of single images:
    in inference mode over all M, divided by M, in training mode the mean over minibatches of the
    variance within, divided by N - 1; ``image_skewness``, in inference mode in both; ``mean`` of
    E_N - E_M, not 0 in training mode; ``variance`` about that mean (divided by draws - 1),
    ``skewness`` and ``kurtosis`` (0 for a normal distribution); ``normal_distance``, Kolmogorov's,
    between the draws and the normal distribution of their mean and variance; ``mean_absolute`` of
    E_N - E_M, and ``mean_absolute_centred`` of E_N minus its own mean; ``losses``, the first
    ``shown`` E_N, bytes of float32.

    Both modes see the same minibatches, and so do all states of a run. Every run has its own.

    Attributes
    ----------
    sizes : tuple of int
        N. Those of M images or more are left out.
    draws : int
        Minibatches of each size, with replacement and without, in inference mode.
    training_draws : int
        The first so many of them, or all where there are fewer, are passed in training mode as
        well; 0 leaves the mode out.
    images : int
        M: the first so many images of the training set, all of them where it has fewer. 0: all.
    shown : int
        So many losses are kept.
    """

    sizes: tuple[int, ...] = (10, 55, 100, 255, 500)
    draws: int = 1000
    training_draws: int = 250
    images: int = 0
    shown: int = 40

    def __post_init__(self) -> None:
        require(len(self.sizes) >= 1, "sizes", self.sizes, "one or more")
        # batch normalisation cannot normalise one value
        require(min(self.sizes) >= 2, "sizes", self.sizes, "all 2 or more")
        require(self.draws >= 2, "draws", self.draws, "2 or more")
        enough = self.training_draws == 0 or self.training_draws >= 2
        require(enough, "training_draws", self.training_draws, "0, or 2 or more")
        require(self.images >= 0, "images", self.images, "0 or more")
        require(self.shown >= 0, "shown", self.shown, "0 or more")

    @property
    def batch(self) -> int:
        """Images of a pass in training mode, on average: for the estimate of what it takes."""
        return sum(self.sizes) // len(self.sizes)

    def at_state_of(self, network: FlatNetwork, task: Any, block: int) -> Mapping[str, list[Any]]:
        """Measure a network of a run; it is as before afterwards, and in inference mode.

        Parameters
        ----------
        network : FlatNetwork
        task : Task
        block : int
            Index of the run, to which the draws belong.
        """
        from escaping_minima.engine.item_losses import inference_losses

        images = self._images_of(task.size)
        single = inference_losses(network, task, images).cpu().numpy()
        trained = _TrainingPasses(network, task)
        columns: dict[str, list[Any]] = {}
        for size in self._sizes_of(images):
            for replacement in (1, 0):
                batches = _Batches(size, images, bool(replacement), block)
                for row in self._modes(batches, single, trained):
                    named = {"size": size, "replacement": replacement, "images": images, **row}
                    for name, value in named.items():
                        columns.setdefault(name, []).append(value)
        network.bind(network.w)
        network.module.eval()
        return columns

    def trained_images(self, images: int) -> float:
        """Return on how many images training takes as long, with ``images`` to train on.

        A backward pass counts as two forward ones.
        """
        measured = self._images_of(images)
        passed = 2 * min(self.training_draws, self.draws) * sum(self._sizes_of(measured))
        return (measured + passed) / 3

    def _images_of(self, found: int) -> int:
        return min(self.images, found) if self.images else found

    def _sizes_of(self, images: int) -> list[int]:
        return [size for size in self.sizes if size < images]

    def _modes(
        self, batches: _Batches, single: Values, trained: _TrainingPasses
    ) -> Iterator[dict[str, Any]]:
        """Yield what is found of minibatches in each mode."""
        import numpy as np

        full = float(single.mean())
        skewness = {"image_skewness": _skewness(single)}
        means = np.concatenate([single[rows].mean(1) for _, rows in batches.rounds(self.draws)])
        of_images = {"mode": "inference", "image_variance": float(single.var())}
        yield of_images | skewness | self._moments(means, full)
        if self.training_draws:
            means, variances = trained.losses(batches, min(self.training_draws, self.draws))
            of_images = {"mode": "training", "image_variance": float(variances.mean())}
            yield of_images | skewness | self._moments(means, full)

    def _moments(self, losses: Values, full: float) -> dict[str, Any]:
        import numpy as np

        mean = float(losses.mean())
        centred = losses - mean
        return {
            "draws": len(losses),
            "full_loss": full,
            "mean": mean - full,
            "variance": float(losses.var(ddof=1)),
            "skewness": _skewness(losses),
            "kurtosis": float((centred**4).mean() / losses.var() ** 2) - 3.0,
            "normal_distance": _normal_distance(losses),
            "mean_absolute": float(np.abs(losses - full).mean()),
            "mean_absolute_centred": float(np.abs(centred).mean()),
            "losses": losses[: self.shown].astype(np.float32).tobytes(),
        }


@dataclass(frozen=True)
class _Batches:
    """Minibatches of one size, in rounds that go about once through the images.

    Attributes
    ----------
    size, images : int
    replaced : bool
        Whether images are drawn with replacement.
    block : int
    """

    size: int
    images: int
    replaced: bool
    block: int

    def rounds(self, count: int) -> Iterator[tuple[str, NDArray[np.int64]]]:
        """Yield a name and the rows of minibatches, (b, size), until there are ``count``."""
        each = self.images // self.size
        for begin in range(0, count, each):
            way = "with replacement" if self.replaced else "without replacement"
            name = f"{way} {self.size} {begin // each}"
            yield name, self._round(name)[: count - begin]

    def _round(self, name: str) -> NDArray[np.int64]:
        shape = (self.images // self.size, self.size)
        rng = Streams(NAME, self.block).generator(name, 0)
        if self.replaced:
            return rng.integers(0, self.images, shape)
        return rng.permutation(self.images)[: shape[0] * shape[1]].reshape(shape)


class _TrainingPasses:
    """Passes of minibatches in training mode, which leave weights and statistics as they are."""

    def __init__(self, network: FlatNetwork, task: Any) -> None:
        from escaping_minima.engine.item_losses import each_loss
        from escaping_minima.engine.objective import NetworkObjective

        def loss(outputs: Tensor, targets: Tensor) -> Tensor:
            return each_loss(task, outputs, targets)

        self._network = network
        self._task = task
        self._objective = NetworkObjective(network, loss)

    def losses(self, batches: _Batches, count: int) -> tuple[Values, Values]:
        """Return mean and variance (divided by N - 1) of the losses in each minibatch, (count,)."""
        import torch

        self._network.module.train()
        with torch.no_grad():
            parts = [self._round(batches, *one) for one in batches.rounds(count)]
        found = torch.cat(parts).cpu().numpy()
        return found[:, 0], found[:, 1]

    def _round(self, batches: _Batches, name: str, rows: NDArray[np.int64]) -> Tensor:
        import torch

        from escaping_minima.draws.minibatch_dropout import MinibatchDropout

        network = self._network
        device, size = network.w.device, batches.size
        streams = Streams(f"{NAME} {name}", batches.block)
        dropout = MinibatchDropout(network.module, streams, rows.size, device)
        placed = torch.from_numpy(rows).to(device)
        found = torch.empty(len(rows), 2, dtype=torch.float64, device=device)
        for index, batch in enumerate(placed):
            dropout.begin(index, index * size, (index + 1) * size)
            self._objective.take(*self._task.batch(batch))
            each = torch.empty(1, size, dtype=torch.float64, device=device)
            self._objective.value(network.w, each)
            found[index] = torch.stack([each.mean(), each.var()])
        return found


def _skewness(values: Values) -> float:
    return float(((values - values.mean()) ** 3).mean() / values.var() ** 1.5)


def _normal_distance(values: Values) -> float:
    """Return the largest gap between the empirical distribution and the normal one fitted to it."""
    import numpy as np
    from scipy import special

    n = len(values)
    fitted = special.ndtr((np.sort(values) - values.mean()) / values.std(ddof=1))
    steps = np.arange(n + 1) / n
    return float(max((steps[1:] - fitted).max(), (fitted - steps[:-1]).max()))


MEASURE = BatchSpread
