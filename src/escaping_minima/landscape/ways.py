"""Ways from one point to another, straight and bent, and how high they lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from escaping_minima.landscape.smooth import Smooth

if TYPE_CHECKING:
    from torch import Tensor

#: Looks at the value between two images of a way.
_BETWEEN = 4
#: No image moves further in a step than this share of the distance between two of them.
_LONGEST = 0.5


def straight_ways(begins: Tensor, ends: Tensor, images: int) -> Tensor:
    """Return straight ways, (k, images, d), from rows of (k, d) to others."""
    import torch

    shares = torch.linspace(0, 1, images, dtype=begins.dtype).view(1, -1, 1)
    return begins.unsqueeze(1) + shares * (ends - begins).unsqueeze(1)


def bend(function: Smooth, ways: Tensor, steps: int, rate: float) -> Tensor:
    """Let ways slide down where they are steep, their ends held, by the string method.

    In each step all inner images follow the gradient down, then are set at equal distances along
    the way again.

    Parameters
    ----------
    function : Smooth
    ways : Tensor of shape (k, images, d)
    steps : int
    rate : float
        Of the steps down, which are no longer than half of the distance between images.

    References
    ----------
    E, Ren and Vanden-Eijnden 2007, Simplified and improved string method for computing the minimum
    energy paths in barrier-crossing events.
    """
    count, size = len(ways), ways.shape[2]
    ways = ways.clone()
    for _ in range(steps):
        inner = ways[:, 1:-1]
        moves = function.gradients(inner.reshape(-1, size)).view_as(inner).mul(-rate)
        spacing = (ways[:, 1:] - ways[:, :-1]).norm(dim=2).mean(1).view(count, 1, 1)
        lengths = moves.norm(dim=2, keepdim=True).clamp(min=1e-300)
        ways[:, 1:-1] = inner + moves * (_LONGEST * spacing / lengths).clamp(max=1.0)
        ways = spread_evenly(ways)
    return ways


def spread_evenly(ways: Tensor) -> Tensor:
    """Return ways (k, images, d) with their images at equal distances along them."""
    import torch

    images = ways.shape[1]
    lengths = (ways[:, 1:] - ways[:, :-1]).norm(dim=2)
    along = torch.cat([torch.zeros_like(lengths[:, :1]), lengths.cumsum(1)], dim=1)
    wanted = torch.linspace(0, 1, images, dtype=ways.dtype) * along[:, -1:]
    after = torch.searchsorted(along, wanted).clamp(1, images - 1)
    lows, highs = along.gather(1, after - 1), along.gather(1, after)
    shares = ((wanted - lows) / (highs - lows).clamp(min=1e-300)).unsqueeze(2)
    index = after.unsqueeze(2).expand_as(ways)
    even = torch.lerp(ways.gather(1, index - 1), ways.gather(1, index), shares)
    even[:, 0], even[:, -1] = ways[:, 0], ways[:, -1]
    return even


def highest(function: Smooth, ways: Tensor) -> Tensor:
    """Return the highest value along each way, (k,), looked at between its images as well."""
    import torch

    size = ways.shape[2]
    found = [function.values(ways.reshape(-1, size)).view(ways.shape[:2])]
    for part in range(1, _BETWEEN):
        inner = torch.lerp(ways[:, :-1], ways[:, 1:], part / _BETWEEN)
        found.append(function.values(inner.reshape(-1, size)).view(inner.shape[:2]))
    return torch.cat(found, dim=1).amax(1)
