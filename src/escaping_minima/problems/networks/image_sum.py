"""The loss of small networks as a mean over images that lie on a device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from escaping_minima.problems.networks.item_rows import ItemRows, Softmax

if TYPE_CHECKING:
    from torch import Tensor

    from escaping_minima.problems.networks.shrunken_images import ShrunkenImages
    from escaping_minima.problems.small_mnist import SmallMnist
    from escaping_minima.problems.sums import ItemDraws


class ImageSum:
    """See `escaping_minima.problems.sums.NoisyProblem`.

    Parameters
    ----------
    problem : SmallMnist
    placed : ShrunkenImages
    """

    def __init__(self, problem: SmallMnist, placed: ShrunkenImages) -> None:
        self.BLOCK = problem.BLOCK
        self.lower = problem.lower
        self.upper = problem.upper
        self.items = problem.items
        self.levels = problem.levels
        self.source = problem.source
        self.strength = problem.strength
        self._rows = ItemRows(problem.sizes, placed.variants, placed.labels, Softmax())

    def item_values(self, w: Tensor, chosen: Tensor | None) -> Tensor:
        """See `SumProblem.item_values`."""
        return self._rows.values(w, chosen)

    def mean_gradients(self, w: Tensor, chosen: Tensor | None) -> Tensor:
        """See `SumProblem.mean_gradients`."""
        return self._rows.gradients(w, chosen)

    def noisy_gradients(self, w: Tensor, chosen: Tensor | None, noise: ItemDraws) -> Tensor:
        """See `NoisyProblem.noisy_gradients`."""
        return self._rows.noisy_gradients(w, chosen, self.source, self.strength, noise)

    def values(self, w: Tensor) -> Tensor:
        """Return the loss over all images at each row of ``w`` (k, d), shape (k, 1)."""
        return self.item_values(w, None).mean(1, keepdim=True)

    def gradients(self, w: Tensor) -> Tensor:
        """Return the gradient at each row of ``w`` (k, d), shape (k, d)."""
        return self.mean_gradients(w, None)
