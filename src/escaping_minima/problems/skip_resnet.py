"""A small residual network, with its skip connections or without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from escaping_minima.parts.require import require
from escaping_minima.problems.tasks.classification import CHANNELS, ImageClassification

if TYPE_CHECKING:
    from torch import nn

#: Layers beside those of blocks, and layers that one block more in each stage brings.
_OTHER, _A_BLOCK = 2, 6
#: The depth at which ``SECONDS`` were measured.
_MEASURED = 20


@dataclass(frozen=True)
class SkipResNet(ImageClassification):
    """The residual network for CIFAR-10, of three stages, with its skips or without.

    Runs with skips and without start from the same weights and see the same batches: neither the
    number of weights nor a draw depends on ``skips``. Further settings are those of
    `ImageClassification`.

    Attributes
    ----------
    divisor : int
        The first stage has 64 / divisor channels: 16, as published, at 4.
    depth : int
        Layers with weights: 8, 14, 20 and so on.
    skips : bool

    References
    ----------
    He, Zhang, Ren and Sun 2016, section 4.2; Li, Xu, Taylor, Studer and Goldstein 2018, section 5.
    """

    #: Fitted to divisors 4 to 32 at batch size 50, on one core.
    SECONDS: ClassVar[tuple[float, float]] = (0.9e-3, 40e-3)

    divisor: int = 4
    depth: int = 20
    skips: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        is_whole = self.depth > _OTHER and (self.depth - _OTHER) % _A_BLOCK == 0
        require(is_whole, "depth", self.depth, "8, 14, 20 and so on, in steps of 6")

    @property
    def SECONDS_PER_IMAGE(self) -> float:  # noqa: N802 - a constant of other problems
        """What training on an image takes at this width and depth, on one core."""
        return super().SECONDS_PER_IMAGE * self.depth / _MEASURED

    def network(self) -> nn.Module:
        """Build the network: 269,722 parameters with 20 layers at divisor 4."""
        from escaping_minima.problems.networks.skips import skip_resnet

        blocks = (self.depth - _OTHER) // _A_BLOCK
        width = CHANNELS // self.divisor
        return skip_resnet(width, blocks, self.classes, self.skips, self.is_grey)


PROBLEM = SkipResNet
