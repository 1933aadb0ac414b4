"""Dropout of rate one half is fair, and its bits belong to places in the order of an epoch."""

from __future__ import annotations

import pytest
import torch

from escaping_minima.draws.dropout import DropoutBits, HalfDropout
from escaping_minima.draws.streams import Streams

CPU = torch.device("cpu")


def test_dropout_keeps_half_and_doubles_it():
    layer = HalfDropout(1024)
    bits = DropoutBits([layer], Streams("takase_mnist", 0), 400, CPU)
    bits.draw(1)
    (layer.bits,) = bits.parts(0, 400)
    out = layer(torch.ones(400, 1024))
    assert set(out.unique().tolist()) == {0.0, 2.0}
    # 409,600 fair bits: three standard deviations are 0.0023 of 1
    assert float(out.mean()) == pytest.approx(1.0, abs=0.005)
    # a place in the order has its bits whatever the batch
    (layer.bits,) = bits.parts(150, 160)
    assert torch.equal(layer(torch.ones(10, 1024)), out[150:160])
    layer.eval()
    assert torch.equal(layer(torch.full((3, 1024), 0.5)), torch.full((3, 1024), 0.5))
    with pytest.raises(ValueError, match="a multiple of 8"):
        HalfDropout(1001)
