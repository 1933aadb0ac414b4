"""Texts through the real trainer: stopped and resumed anywhere, and what a block says of itself."""

from __future__ import annotations

import numpy as np
import pytest

from escaping_minima.engine.session import Stopped
from escaping_minima.errors import UserError
from escaping_minima.kinds.kind import Piece, Surroundings, kind_of
from escaping_minima.kinds.training import run as training
from escaping_minima.kinds.training.cell import make_training_cell
from escaping_minima.steps.states import Sessions
from escaping_minima.steps.trainer import company_of

SIZES = {"first": 5, "last": 5, "line": "epochs"}
TINY = {"data": "generated", "data_set": "tweeteval-emotion", "layers": 2, "width": 8, "heads": 2}


def piece(method="nim_mbh", block=0, **more):
    modifiers = ({"name": "momentum", "settings": {"share": 0.9}},)
    settings = {"gd": {"learning_rate": 0.1}}.get(method, {})
    cell = make_training_cell("bert", method, 3, SIZES, TINY | more, settings, modifiers=modifiers)
    return Piece(cell, block)


def run(pieces, folder, should_stop=bool, data_folder=None):
    hashes = {one.cell.id: "s1" for one in pieces}
    sessions = Sessions(lambda cell: folder, hashes, 1e9, should_stop)
    around = Surroundings("cpu", 0, data_folder, (), folder / "gpus", sessions.open, None)
    ended = [one for batch in kind_of(pieces[0].cell).run(pieces, around) for one in batch]
    return {one.piece.key: one for one in ended}


class StopAfter:
    def __init__(self, questions):
        self.left = questions

    def __call__(self):
        self.left -= 1
        return self.left < 0


def assert_equal(one, other):
    assert one.table.keys() == other.table.keys()
    for name, column in one.table.items():
        np.testing.assert_array_equal(column, other.table[name], err_msg=name)
    counts = ("gradient_evaluations", "loss_evaluations", "parameters", "data", "outcome")
    assert {k: one.manifest[k] for k in counts} == {k: other.manifest[k] for k in counts}


# 48 texts in batches of 5: ten updates an epoch, the last of them of 3
@pytest.mark.parametrize("stops", [[1], [3, 8, 12]])
def test_a_stopped_run_goes_on_to_the_same_bits(tmp_path, stops):
    """With dropout on, and batches arranged by length anew in each epoch."""
    one = piece()
    for stop in stops:
        with pytest.raises(Stopped):
            run([one], tmp_path / "stopped", StopAfter(stop))
    (resumed,) = run([one], tmp_path / "stopped").values()
    (whole,) = run([one], tmp_path / "whole").values()
    assert_equal(resumed, whole)
    assert whole.table["updates"] == [0, 10, 20, 30]


def test_what_a_block_of_texts_says_of_itself(tmp_path):
    pieces = [piece("gd", block) for block in (0, 1)]
    found = run(pieces, tmp_path)
    manifest = found[pieces[0].key].manifest
    data = manifest["data"]
    assert {"train_text.txt", "val_labels.txt", "mapping.txt", "vocab.txt"} < set(data)
    # embeddings of 30,522 tokens, 512 places and two kinds among them
    assert 8 * (30_522 + 512 + 2) < manifest["parameters"] < 8 * (30_522 + 512 + 300)
    table = found[pieces[0].key].table
    for split in ("train", "validation", "test"):
        assert {f"{split}_loss", f"{split}_error", f"{split}_macro_f1"} < set(table)
    assert table["train_loss"][0] == pytest.approx(np.log(4), abs=0.01)
    assert table["train_loss"] != found[pieces[1].key].table["train_loss"]


def test_cells_that_read_texts_alike_are_company():
    alike, longer = piece("sam"), piece(length=32)
    assert company_of(piece().cell) == company_of(alike.cell)
    assert company_of(piece().cell) != company_of(longer.cell)
    images = make_training_cell("takase_mnist", "gd", 1, SIZES, {"data": "sample"})
    assert company_of(images) != company_of(alike.cell)


def test_an_encoder_that_is_not_there_is_one_line(tmp_path):
    shape = {"encoder": "minilm", "layers": 6, "width": 384, "heads": 12}
    one = piece("gd", **shape)
    with pytest.raises(UserError, match="run: escaping-minima fetch all-minilm-l6-v2"):
        run([one], tmp_path, data_folder=tmp_path / "nothing")
    around = Surroundings("cpu", 0, tmp_path / "nothing", (), tmp_path, None, None)
    assert training.present_data(one, around) is None


def test_the_time_of_texts_is_measured_on_real_ones(monkeypatch, tmp_path):
    monkeypatch.setenv("ESCAPING_MINIMA_DATA", str(tmp_path))
    training._load.cache_clear()
    cell = piece("gd", data="full", data_set="tweeteval-emotion").cell
    seconds = training.calibrate([Piece(cell, 0)], "cpu", 0)[cell.id]
    # three epochs of 3,257 texts trained on and 5,052 evaluated
    assert 1 < seconds < 300
    read = [path.name for path in (tmp_path / "tokens").iterdir()]
    assert [name.rsplit("-", 1)[0] for name in read] == ["tweeteval-emotion-64"]


def test_what_is_not_fetched_yet_takes_what_was_measured_elsewhere(monkeypatch, tmp_path):
    monkeypatch.setenv("ESCAPING_MINIMA_DATA", str(tmp_path / "nothing"))
    training._load.cache_clear()
    training._can_be_read.cache_clear()
    shape = {"encoder": "minilm", "layers": 6, "width": 384, "heads": 12}
    cell = piece("gd", data="full", data_set="tweeteval-emotion", **shape).cell
    assert training.calibrate([Piece(cell, 0)], "cpu", 0) == {cell.id: cell.cost}
    training._can_be_read.cache_clear()
