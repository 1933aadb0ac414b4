"""Every published row bears the id of its record, also where settings came later."""

from __future__ import annotations

import csv
import json
from dataclasses import make_dataclass, replace

import pandas as pd
import pytest

from escaping_minima.errors import UserError
from escaping_minima.kinds import records
from escaping_minima.kinds.cell import Cell
from escaping_minima.kinds.points import cell as points
from escaping_minima.kinds.records import read_cell
from escaping_minima.kinds.training import cell as training
from escaping_minima.package import ROOT
from escaping_minima.parts import registry
from escaping_minima.parts.canonical import canonical_json
from escaping_minima.parts.registry import make_method, read_method, read_problem
from escaping_minima.parts.settings import added, from_settings, settings_of
from escaping_minima.schedules.batch_sizes import BatchSizes

#: The published tables; a study that is added is tested without a word here.
TABLES = sorted((ROOT.parents[1] / "results" / "published").glob("*/cells.csv"))


def published():
    """Return (id, record) of every row."""
    rows = [row for path in TABLES for row in csv.DictReader(path.open(encoding="utf-8"))]
    return [(row["cell"], json.loads(row["settings"])) for row in rows]


def with_more(cls):
    """Return a class with three settings that came later."""
    more = [
        ("later_number", float, added(0.0)),
        ("later_list", tuple[float, ...], added(())),
        ("later_default", float, added(0.0, default=5e-4)),
    ]
    return make_dataclass(cls.__name__, more, bases=(cls,), frozen=True)


def wrongly_named(through=lambda cell: cell):
    """Return published ids that the cell of their record does not bear."""
    rows = published()
    assert len(rows) > 200
    return [name for name, record in rows if through(read_cell(record)).id != name]


def through_parts(cell):
    """Return a cell whose settings went through the classes of its parts, where it has such."""
    if cell.KIND in ("baseline", "examine"):
        return cell
    problem = settings_of(read_problem(cell.problem, cell.problem_settings))
    method = settings_of(read_method(cell.method, cell.method_settings))
    more = {}
    if isinstance(cell, training.TrainingCell):
        more["batch_size"] = settings_of(from_settings(BatchSizes, cell.batch_size))
    return replace(cell, problem_settings=problem, method_settings=method, **more)


@pytest.fixture
def later_settings_of_parts(monkeypatch):
    """Give three more settings to every part that is found by name."""
    before = registry.part_class
    monkeypatch.setattr(registry, "part_class", lambda *name: with_more(before(*name)))


@pytest.fixture
def later_settings_of_cells(monkeypatch):
    """Give three more settings to the cells of each kind that has published ones."""
    for module, name in ((points, "PointsCell"), (training, "TrainingCell")):
        monkeypatch.setattr(module, name, with_more(getattr(module, name)))


def test_every_published_row_bears_the_id_of_its_record():
    assert wrongly_named() == []


def test_every_published_row_keeps_its_id_through_the_classes_of_its_parts():
    assert wrongly_named(through_parts) == []


def test_settings_that_come_later_rename_nothing(later_settings_of_parts, later_settings_of_cells):
    assert wrongly_named() == []
    assert wrongly_named(through_parts) == []
    # they are there, and read as absent: not as the default that a new part gets
    cell = read_cell(published()[0][1])
    method = read_method(cell.method, cell.method_settings)
    for found in (cell, method):
        assert (found.later_number, found.later_list, found.later_default) == (0.0, (), 0.0)
    assert settings_of(make_method("gd", {}))["later_default"] == 5e-4


def test_settings_that_come_later_name_new_cells(later_settings_of_cells):
    cell = read_cell(published()[0][1])
    changed = [
        replace(cell, later_number=1.0),
        replace(cell, later_number=False),
        replace(cell, later_list=(0.0,)),
        replace(cell, later_default=5e-4),
    ]
    assert len({cell.id, *(c.id for c in changed)}) == 5
    assert {read_cell(json.loads(canonical_json(c.record()))).id for c in changed} == {
        c.id for c in changed
    }
    # equal values are equal names, however they are written
    same = [{"later_number": 0}, {"later_list": []}, {"later_default": -0.0 + 0.0}]
    assert {replace(cell, **one).id for one in same} == {cell.id}


def test_every_field_of_a_cell_but_the_first_ones_declares_its_absence():
    """One without would rename every published cell of its kind."""
    for name, record in published():
        cell = read_cell(record)
        assert set(cell.record()) == set(record), name


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"steps": None}, "steps: missing"),
        ({"method_settings": None}, "method_settings: missing"),
        ({"speed": 1}, "unknown: speed"),
    ],
)
def test_other_gaps_and_unknown_settings_are_refused(changes, words):
    record = points.make_points_cell("himmelblau", "gd", 10, 10).record() | changes
    with pytest.raises(ValueError, match=words):
        read_cell({key: value for key, value in record.items() if value is not None})


def test_a_training_record_is_not_taken_for_one_of_points():
    sizes = {"first": 10, "last": 10, "line": "epochs"}
    record = training.make_training_cell("takase_mnist", "gd", 1, sizes).record()
    assert isinstance(read_cell(record), training.TrainingCell)
    with pytest.raises(ValueError, match="unknown: batch_size, epochs"):
        read_cell(record | {"kind": "points", "steps": 1, "snapshot_every": 1})


def test_a_cell_can_be_named_although_the_code_of_its_parts_is_gone():
    name, record = published()[0]
    gone = record | {"method": "gone", "problem": "gone_too"}
    assert read_cell(gone).id != name
    assert read_cell(read_cell(gone).record()).id == read_cell(gone).id


def test_kinds_but_the_first_two_write_their_name(monkeypatch):
    class ToyCell(points.PointsCell):
        KIND = "toy"

        def record(self):
            return Cell.record(self)

    base = points.make_points_cell("himmelblau", "gd", 10, 10)
    toy = ToyCell(**vars(base))
    assert toy.record() == {"kind": "toy"} | base.record()
    assert "kind" not in base.record()
    assert toy.id != base.id
    with pytest.raises(UserError, match="kind: found 'toy'; allowed: points, training"):
        read_cell(toy.record())
    monkeypatch.setitem(records.CLASSES, "toy", "ToyCell")
    monkeypatch.setattr(
        records.importlib,
        "import_module",
        {f"{records.PACKAGE}.kinds.toy.cell": type("module", (), {"ToyCell": ToyCell})}.get,
    )
    assert read_cell(toy.record()) == toy


def test_every_kind_that_has_a_folder_is_known():
    folders = {path.parent.name for path in (ROOT / "kinds").glob("*/cell.py")}
    assert folders <= set(records.CLASSES)


def test_records_travel_as_text(tmp_path):
    """A struct of Arrow would fill what a row lacks with nulls, and change the id."""
    names, found = zip(*published(), strict=True)
    path = tmp_path / "cells.parquet"
    table = {"cell": names, "settings": [canonical_json(record) for record in found]}
    pd.DataFrame(table).to_parquet(path)
    read = pd.read_parquet(path)
    assert [read_cell(json.loads(text)).id for text in read["settings"]] == list(names)
    assert list(read["cell"]) == list(names)
