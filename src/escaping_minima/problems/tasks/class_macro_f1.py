"""One class an item, judged class by class as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from escaping_minima.problems.tasks.targets import OneClass


@dataclass(frozen=True)
class ClassMacroF1(OneClass):
    """The targets of `OneClass`, with the macro-F1 beside the error.

    Attributes
    ----------
    classes : int
        All of them, those that do not occur as well.
    """

    classes: int

    def scores(self, decided: Tensor, targets: Tensor) -> Mapping[str, Tensor]:
        """Return ``error`` in percent, and ``macro_f1``.

        The macro-F1 is the mean over classes of 2 tp / (2 tp + fp + fn), 0 where that is 0 / 0, as
        scikit-learn's f1_score has it with these ``labels``.
        """
        every = torch.arange(self.classes, device=targets.device)
        said, true = decided[:, None] == every, targets[:, None] == every
        both = (said & true).double().sum(0)
        either = said.double().sum(0) + true.double().sum(0)
        f1 = torch.where(either > 0, 2.0 * both / either.clamp(min=1.0), 0.0)
        return {**super().scores(decided, targets), "macro_f1": f1.mean()}
