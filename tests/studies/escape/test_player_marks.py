"""The minima that the player marks are those of the literature, and those of its own curves."""

from __future__ import annotations

import numpy as np
import pytest

from escaping_minima.studies.escape.player_tables import SHOWN, player_marks
from escaping_minima.studies.escape.terrain import LOCAL, WELL

GLOBAL, ELSE = "global minimum", "local minimum"
#: Himmelblau 1972; Dixon and Szegoe 1978, whose six-hump camel has six minima, two of them global.
KNOWN = {
    "himmelblau": {
        GLOBAL: [(3, 2), (-2.805118, 3.131313), (-3.779310, -3.283186), (3.584428, -1.848127)],
        ELSE: [],
    },
    "six_hump": {
        GLOBAL: [(0.089842, -0.712656), (-0.089842, 0.712656)],
        ELSE: [
            (1.703607, -0.796084),
            (-1.703607, 0.796084),
            (1.607105, 0.568651),
            (-1.607105, -0.568651),
        ],
    },
    "curve": {GLOBAL: [(9.0,)], ELSE: [(WELL,)]},
    "plane": {GLOBAL: [(9.0, 0.0)], ELSE: [(WELL, 0.0)]},
    "scattered": {GLOBAL: [(1.0,)], ELSE: [(LOCAL,)]},
}


@pytest.fixture(scope="module")
def marks():
    return player_marks()


def test_every_shown_function_has_known_minima():
    assert set(KNOWN) == set(SHOWN)


@pytest.mark.parametrize("problem", KNOWN)
def test_minima_are_those_that_are_known(marks, problem):
    own = marks[marks["problem"] == problem]
    for kind, places in KNOWN[problem].items():
        found = own.loc[own["kind"] == kind, ["x", "y"]].to_numpy(float)
        assert len(found) == len(places), kind
        wanted = np.full((len(places), 2), np.nan)
        for row, place in zip(wanted, places, strict=True):
            row[: len(place)] = place
        order, other = (np.lexsort(np.nan_to_num(part).T.round(2)) for part in (found, wanted))
        np.testing.assert_allclose(found[order], wanted[other], atol=1e-5)
