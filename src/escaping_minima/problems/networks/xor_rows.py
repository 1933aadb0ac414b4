"""The loss of k networks on the four patterns of exclusive or."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from escaping_minima.problems.networks.elu_rows import EluRows

#: Inputs and what is to be said of them.
PATTERNS = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))
TARGETS = (0.0, 1.0, 1.0, 0.0)


class XorRows:
    """See `escaping_minima.problems.walked.Surface`.

    The derivative by an output is (p - y) / 4 with p = sigmoid(z): in float32 it is exactly 0 once
    p rounds to y, as it is in code that leaves it to TensorFlow.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, units of each hidden layer, outputs: 2, ..., 1.
    like : Tensor
        Of what type, and where, weights are.
    """

    def __init__(self, sizes: Sequence[int], like: Tensor) -> None:
        self._networks = EluRows(sizes)
        self._inputs = like.new_tensor(PATTERNS)
        self._targets = like.new_tensor(TARGETS).unsqueeze(1)

    def begin(self, step: int) -> None:
        """See `Surface.begin`; nothing is drawn."""

    def values(self, w: Tensor) -> Tensor:
        """Return the loss at each row of ``w`` (k, m), shape (k, 1)."""
        return self._losses(self._pass(w)[-1])

    def look(self, w: Tensor, gradient: Tensor) -> Mapping[str, Tensor]:
        """See `Surface.look`."""
        passed = self._pass(w)
        # torch's own sigmoid gives last digits that depend on where in the tensor a number stands
        p = passed[-1].neg().exp_().add_(1.0).reciprocal_()
        delta = p.sub_(self._targets).div_(len(TARGETS))
        self._networks.backward(w, passed, delta, gradient)
        return {"loss": self._losses(passed[-1])[:, 0]}

    def _pass(self, w: Tensor) -> list[Tensor]:
        return self._networks.forward(w, self._inputs.expand(len(w), -1, -1))

    def _losses(self, z: Tensor) -> Tensor:
        # as TensorFlow has it: nothing is cancelled where an output is right
        lost = z.clamp(min=0.0).sub_(self._targets * z)
        return lost.add_(z.abs().neg_().exp_().log1p_()).mean(1)
