"""ResNet-50, or fewer bottleneck blocks, on CIFAR-10 or CIFAR-100."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from escaping_minima.parts.require import require
from escaping_minima.problems.tasks.classification import ImageClassification

if TYPE_CHECKING:
    from torch import nn

#: Blocks in each stage of the whole network.
WHOLE = (3, 4, 6, 3)
#: What stem, head and the projections of four stages take, in blocks: one block a stage takes a
#: third of the time of them all, at every divisor from 1 to 64.
FURTHER = 2


@dataclass(frozen=True)
class ResNet50(ImageClassification):
    """ResNet-50 in the form for small images.

    Further settings are those of `ImageClassification`.

    Attributes
    ----------
    crop, flip
        Images are padded with 4 zeros and cropped, and mirrored, unless set otherwise.
    blocks : tuple of int
        Bottleneck blocks in each of four stages; fewer make it another network.

    References
    ----------
    He, Zhang, Ren and Sun 2016; Inan, Liu and Shehu 2024 train "ResNet-50" and say nothing of its
    stem, its start or its images: the usual ones for CIFAR are assumed.
    """

    #: Fitted to divisors 1 to 64 at batch size 50, with all blocks, on one core of an EPYC.
    SECONDS: ClassVar[tuple[float, float]] = (1.6e-3, 110e-3)

    crop: int = 4
    flip: bool = True
    blocks: tuple[int, ...] = WHOLE

    def __post_init__(self) -> None:
        super().__post_init__()
        # the last pool is made for an image that was halved between four stages
        is_fit = len(self.blocks) == len(WHOLE) and min(self.blocks) >= 1
        require(is_fit, "blocks", self.blocks, f"{len(WHOLE)} numbers of 1 or more")

    @property
    def SECONDS_PER_IMAGE(self) -> float:  # noqa: N802 - a constant of other problems
        """What training on an image takes at this width and depth, on one core."""
        share = (sum(self.blocks) + FURTHER) / (sum(WHOLE) + FURTHER)
        return super().SECONDS_PER_IMAGE * share

    def network(self) -> nn.Module:
        """Build the network: 23,520,842 parameters at divisor 1, 23,705,252 with 100 classes."""
        from escaping_minima.problems.networks.bottleneck import bottleneck_resnet

        return bottleneck_resnet(self.blocks, self.classes, self.divisor, self.is_grey)


PROBLEM = ResNet50
