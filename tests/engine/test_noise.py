"""A step draws a purpose once, in one form: else points and networks would differ."""

from __future__ import annotations

import pytest
import torch

from escaping_minima.draws.device import DeviceDraws
from escaping_minima.draws.noise import NetworkNoise, PagedNoise
from escaping_minima.draws.streams import Streams

CPU = torch.device("cpu")


def made(kind):
    streams = Streams("toy", 0)
    if kind == "points":
        return PagedNoise([streams], 4, 3, CPU)
    return NetworkNoise(DeviceDraws(streams, CPU), torch.zeros(1, 3))


@pytest.mark.parametrize("kind", ["points", "network"])
def test_a_second_draw_of_a_purpose_in_a_step_is_refused(kind):
    noise = made(kind)
    for step in (0, 1):
        noise.begin(step)
        noise()
        noise.uniform("accept")
        with pytest.raises(ValueError, match="accept is drawn twice in a step"):
            noise.uniform("accept")
        with pytest.raises(ValueError, match="ball is drawn twice"):
            noise()


@pytest.mark.parametrize("kind", ["points", "network"])
def test_a_purpose_keeps_its_form(kind):
    noise = made(kind)
    noise.begin(0)
    noise.uniform("move")
    noise.begin(1)
    with pytest.raises(ValueError, match="move is drawn as normal and as uniform"):
        noise.normal("move")
