"""Each end point is sorted into the one outcome that fits."""

from __future__ import annotations

import numpy as np

from escaping_minima.landscape.classify import classify_ends, outcome_names
from escaping_minima.parts.registry import make_problem


def test_every_outcome_is_recognised():
    function = make_problem("six_hump_camel", {})
    names = outcome_names(function)
    assert names == (
        "GM1",
        "GM2",
        "LM1",
        "LM2",
        "LM3",
        "LM4",
        "saddle",
        "maximum",
        "halo",
        "diverged",
    )
    places = {
        "GM2": (0.0898 + 0.09, -0.7127),
        "LM1": (-1.6071, -0.5687 - 0.05),
        "LM3": (-1.7036, 0.7961),
        "saddle": (0.05, 0.05),
        "maximum": (1.23, 0.16),
        "halo": (0.0898 + 0.11, -0.7127),
        "diverged": (40.0, 0.0),
    }
    x, y = np.array([*places.values(), (np.nan, 0.0), (np.inf, 1.0), (0.0, -31.0)]).T
    found = [names[i] for i in classify_ends(function, x, y)]
    assert found == [*places, "diverged", "diverged", "diverged"]
