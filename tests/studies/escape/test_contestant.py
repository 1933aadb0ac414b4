"""A method more: ten lines put it into the arena, where it is searched, run and compared."""

from __future__ import annotations

import json
import sys
from types import ModuleType, SimpleNamespace

import pandas as pd
import pytest

from escaping_minima.engine.session import NoSession
from escaping_minima.kinds.kind import Piece, kind_of
from escaping_minima.methods import gd
from escaping_minima.parts.study_settings import described_settings
from escaping_minima.results.blocks import Block
from escaping_minima.studies.escape.block_tables import ENDS, LOSSES, PATHS, REACHED, TRIALS
from escaping_minima.studies.escape.codes import unpack_regions
from escaping_minima.studies.escape.collect import of_block
from escaping_minima.studies.escape.contestants import CONTESTANTS, Contestant
from escaping_minima.studies.escape.layout import Layout
from escaping_minima.studies.escape.settings import Settings

NEW = {
    "mine": Contestant(
        "mine",
        lambda terrain, steps: {
            "learning_rate": {"log_uniform": [1e-4 * terrain.rate, terrain.rate]},
        },
    )
}


@pytest.fixture
def layout(monkeypatch):
    """The arena of a smoke run with a method more, which is gradient descent by another name."""
    module = ModuleType("escaping_minima.methods.mine")
    module.METHOD = gd.METHOD
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for name, contestant in NEW.items():
        monkeypatch.setitem(CONTESTANTS, name, contestant)
    numbers = {name: said.scales["smoke"] for name, said in described_settings(Settings).items()}
    return Layout(Settings(**{**numbers, "methods": "all"}))


class Kept:
    """A table of another block."""

    digest = "0" * 64

    def __init__(self, content):
        self.content = pd.DataFrame(content)

    def table(self):
        return self.content


def run(cell, kept=None):
    """Return the first block of a cell, run here."""
    session = NoSession()
    around = SimpleNamespace(
        device="cpu",
        data_folder=None,
        accepted=(),
        open_session=lambda *args, **more: session,
        read_kept=lambda *names: kept,
    )
    ((done,),) = kind_of(cell).run([Piece(cell, 0)], around)
    tables = {name: Kept(table) for name, table in done.tables.items()}
    for (_, name, _), piece in session.pieces.items():
        tables.setdefault(name, Kept(piece))
    return Block(cell, 0, pd.DataFrame(done.table), done.manifest, tables)


def test_a_method_more_is_searched_run_and_collected(layout):
    searches = [i for i in layout.searches() if i.labels["arm"] == "mine"]
    assert {i.labels["problem"] for i in searches} >= {"plane", "himmelblau", "xor_2"}
    (search,) = (i for i in searches if i.labels["problem"] == "plane")
    found = run(search.cell)
    trials = of_block(found)[TRIALS]
    assert len(trials) == 2
    assert list(json.loads(trials["settings"][0])) == ["learning_rate"]
    (fresh,) = (
        i for i in layout.arena() if (i.labels["arm"], i.labels["problem"]) == ("mine", "plane")
    )
    parts = of_block(run(fresh.cell, found.kept["trials"]))
    ends = parts[ENDS].iloc[0]
    assert ends["starts"] == 50
    assert len(unpack_regions(ends["end"])) == 50
    assert parts[LOSSES]["mean"].iloc[0] <= parts[LOSSES]["start"].iloc[0]
    assert set(parts[PATHS]["replicate"]) == {0, 1, 2}
    assert parts[REACHED]["count"].sum() > 0
