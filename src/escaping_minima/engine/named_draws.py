"""Refuse networks of which the engine would leave something to a generator without a name."""

from __future__ import annotations

from torch import nn

#: Layers whose weights start from a named draw (`draws.starts`) or from constants.
_STARTED = (
    nn.Conv2d,
    nn.Linear,
    nn.Embedding,
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.LayerNorm,
    nn.GroupNorm,
)
#: Layers of torch that draw at every use, whatever their settings.
_DRAWING = (
    nn.modules.dropout._DropoutNd,
    nn.RReLU,
    nn.FractionalMaxPool2d,
    nn.FractionalMaxPool3d,
)


def require_named_draws(network: nn.Module) -> None:
    """Raise where a run would not be decided by its cell and its index alone.

    Parameters
    ----------
    network : Module

    Raises
    ------
    TypeError
        Naming the first layer whose weights would start from torch's own generator, or that draws
        while training.
    """
    for name, layer in network.named_modules():
        what = f"layer {name or 'the network itself'} ({type(layer).__name__})"
        share = getattr(layer, "dropout", 0.0)
        if isinstance(layer, _DRAWING) or (isinstance(share, float) and share > 0):
            raise TypeError(f"{what} draws without a name; allowed: NamedDropout of draws.dropout")
        if isinstance(layer, nn.modules.batchnorm._BatchNorm) and layer.momentum is None:
            raise TypeError(f"{what} averages over all batches; allowed: a momentum")
        own = list(layer.parameters(recurse=False))
        if own and not isinstance(layer, _STARTED):
            allowed = ", ".join(kind.__name__ for kind in _STARTED)
            raise TypeError(f"{what} starts from weights without a name; allowed: {allowed}")
