"""Cells of searches: what trials draw, which is taken, and what is refused before any run."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from escaping_minima.draws.streams import Streams
from escaping_minima.errors import UserError
from escaping_minima.kinds.kind import Piece, kind_of
from escaping_minima.kinds.records import read_cell
from escaping_minima.kinds.search.cell import make_search_cell, tuned_by
from escaping_minima.kinds.search.choice import best_trial
from escaping_minima.kinds.search.space import draw_settings, with_settings
from escaping_minima.kinds.training import run as training
from escaping_minima.kinds.training.cell import make_training_cell
from escaping_minima.parts.registry import part_record
from escaping_minima.provenance.sources import cell_hash

SIZES = {"first": 10, "last": 10, "line": "epochs"}
#: A network that holds out images of the training set, as small as there is.
SMALL = {
    "data": "generated",
    "train_images": 50,
    "validation_images": 20,
    "test_images": 20,
    "divisor": 64,
}
SPACE = {
    "learning_rate": {"log_uniform": (0.01, 1.0)},
    "momentum.share": {"uniform": (0.5, 0.9)},
}
MOMENTUM = part_record("modifiers", "momentum").record()
LOSSES = ({"name": "losses", "settings": {}},)


def trained(method="gd", epochs=1, **more):
    more = {"modifiers": (MOMENTUM,), "observers": LOSSES} | more
    return make_training_cell("vgg16", method, epochs, SIZES, SMALL, **more)


def searched(method="gd", space=SPACE, **more):
    return make_search_cell(trained(method), space, **more)


def test_methods_that_are_compared_draw_equal_settings():
    gd, nim = searched(), searched("nim", SPACE | {"radius": {"log_uniform": (0.1, 10.0)}})
    for trial in range(20):
        one, other = gd.settings(trial), nim.settings(trial)
        assert one == {name: other[name] for name in one}
        assert set(other) - set(one) == {"radius"}
    assert gd.settings(0) != searched(series=1).settings(0)
    assert len({gd.settings(trial)["learning_rate"] for trial in range(20)}) == 20


def test_settings_are_quantiles_of_named_draws():
    space = {
        "a": {"log_uniform": (1e-3, 10.0)},
        "b": {"uniform": (-1.0, 3.0)},
        "c": {"choice": (10, 20, 50)},
    }
    for trial in range(30):
        found = draw_settings("toy", space, 4, trial)
        share = {n: Streams("toy", trial).generator(f"settings {n}", 4).random() for n in space}
        assert found["a"] == pytest.approx(10 ** (4 * share["a"] - 3), rel=1e-5)
        assert found["b"] == pytest.approx(4 * share["b"] - 1, rel=1e-5, abs=1e-5)
        assert found["c"] == (10, 20, 50)[math.floor(3 * share["c"])]
        assert len(f"{found['a']:.12g}".replace(".", "").lstrip("0").split("e")[0]) <= 6


def test_settings_take_their_places_in_a_cell():
    cell = trained("nim")
    found = with_settings(cell, {"radius": 3.0, "momentum.share": 0.7, "batch_size": 25})
    assert found.method_settings == {**cell.method_settings, "radius": 3.0}
    assert found.modifiers[0]["settings"] == {**MOMENTUM["settings"], "share": 0.7}
    assert found.batch_size == {**SIZES, "first": 25, "last": 25}
    assert with_settings(cell, {}) == cell
    with pytest.raises(ValueError, match="no modifier 'weight_decay'; there are momentum"):
        with_settings(cell, {"weight_decay.decay": 0.1})


@pytest.mark.parametrize(
    ("scores", "best", "index"),
    [
        ([3.0, 1.0, 2.0], "lowest", 1),
        ([3.0, 1.0, 2.0], "highest", 0),
        ([3.0, 1.0, 1.0, 3.0], "lowest", 1),
        ([3.0, 1.0, 1.0, 3.0], "highest", 0),
        ([math.nan, 2.0, -math.inf], "lowest", 1),
        ([math.nan, math.nan], "lowest", None),
    ],
)
def test_the_first_of_the_best_is_taken_and_none_that_diverged(scores, best, index):
    assert best_trial(scores, best) == index


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"space": {}}, "found no setting"),
        ({"space": {"learning_rate": {"normal": (0, 1)}}}, "found normal; allowed: one of log_u"),
        ({"space": {"learning_rate": {"log_uniform": (0, 1)}}}, "a lower end above 0"),
        ({"space": {"learning_rate": {"uniform": (1, 1)}}}, "a lower end and a higher one"),
        ({"space": {"learning_rate": {"uniform": (-1, 1)}}}, "learning_rate"),
        ({"space": {"learning_rate": {"choice": ()}}}, "a value or more"),
        ({"space": {"radius": {"choice": (1.0,)}}}, "unknown setting 'radius'"),
        ({"space": {"weight_decay.decay": {"choice": (1.0,)}}}, "no modifier 'weight_decay'"),
        ({"space": {"momentum.speed": {"choice": (1.0,)}}}, "unknown setting 'speed'"),
        ({"score": "test_error"}, "a column that begins with 'validation_'"),
        ({"best": "first"}, "allowed: lowest, highest"),
    ],
)
def test_what_cannot_be_searched_is_refused_before_any_run(change, said):
    with pytest.raises(UserError, match=said):
        searched(**change)


def test_a_search_needs_what_its_trials_are_judged_on():
    cell = make_training_cell("vgg16", "gd", 1, SIZES, SMALL | {"validation_images": 0})
    with pytest.raises(UserError, match="validation_images: found 0"):
        make_search_cell(cell, {"learning_rate": {"choice": (0.1,)}})
    tuned = trained(tuned_by=tuned_by(searched(), 2))
    with pytest.raises(UserError, match="found a tuned cell"):
        make_search_cell(tuned, SPACE)
    with pytest.raises(UserError, match="trials: found 0"):
        tuned_by(searched(), 0)


def test_records_name_cells_and_old_ones_stay():
    search, cell = searched("nim"), trained()
    again = read_cell(json.loads(json.dumps(search.record())))
    assert again.id == search.id
    assert again.trial(3).id == search.trial(3).id
    assert "tuned_by" not in cell.record()
    tuned = replace(cell, tuned_by=tuned_by(search, 2))
    assert read_cell(tuned.record()).rests_on == (search.id,)
    ids = {cell.id, tuned.id, replace(cell, tuned_by=tuned_by(search, 3)).id, search.id}
    assert len(ids) == 4


def test_a_search_costs_what_its_trials_cost(monkeypatch):
    search = searched()
    assert search.cost == trained().cost > 0
    assert (search.data_set, search.uses_gpu) == ("", True)
    monkeypatch.setattr(training, "_TIMED", {})
    monkeypatch.setattr(training, "_seconds_per_item", lambda *words: 1e-3)
    tuned = trained(tuned_by=tuned_by(search, 2))
    (plain,) = training.calibrate([Piece(trained(), 0)], "cpu", 0).values()
    for cell in (search, tuned):
        pieces = [Piece(cell, block) for block in (0, 1)]
        assert kind_of(cell).calibrate(pieces, "cpu", 0) == {cell.id: pytest.approx(plain)}


def test_choosing_is_hashed_where_it_decides_and_nowhere_else():
    plain, search = trained(), searched()
    tuned = trained(tuned_by=tuned_by(search, 2))
    rooms = {m.rpartition(".")[2] for m in tuned.modules()} - {
        m.rpartition(".")[2] for m in plain.modules()
    }
    assert rooms == {"choice", "space"}
    assert len({cell_hash(cell) for cell in (plain, search, tuned)}) == 3
