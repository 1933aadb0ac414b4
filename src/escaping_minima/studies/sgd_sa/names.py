"""How runs, networks and measures are called in verdicts, tables and figures."""

from __future__ import annotations

from collections.abc import Mapping

#: Networks in words.
NETWORK_NAMES: Mapping[str, str] = {"vgg16": "VGG16", "resnet34": "ResNet34"}


def single_rate(rate: float, tested: bool) -> str:
    """Return what a run with one rate is called, with or without the test of Metropolis."""
    return f"rate_{rate:g}_tested" if tested else f"rate_{rate:g}"
