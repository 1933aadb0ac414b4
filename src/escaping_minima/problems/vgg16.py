"""VGG16 on CIFAR-10, CIFAR-100 or Fashion-MNIST."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from escaping_minima.problems.tasks.classification import ImageClassification

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Vgg16(ImageClassification):
    """VGG16 with batch normalisation and a hidden dense layer of 100 with dropout.

    Settings are those of `ImageClassification`.

    References
    ----------
    Fischetti and Stringher 2019, arXiv 1906.01504, and its code, github.com/QuasarLight/sgd-sa.
    """

    #: Fitted to divisors 1 to 64 at batch size 50, on one core of an EPYC.
    SECONDS: ClassVar[tuple[float, float]] = (0.3e-3, 21e-3)

    def network(self) -> nn.Module:
        """Build the network: 14,775,446 parameters at divisor 1."""
        from escaping_minima.problems.networks.vgg import vgg16

        return vgg16(self.classes, self.divisor, self.is_grey)


PROBLEM = Vgg16
