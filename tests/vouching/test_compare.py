"""Blocks are compared bit for bit: columns and tensors of the older one."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch

from escaping_minima.vouching.compare import differences, table_differences

TABLE = pd.DataFrame(
    {"loss": [1.0, np.nan, -0.0], "count": [1, 2, 3], "wrong": [b"", b"", b"\x01"]}
)
MANIFEST = {"outcome": "done", "gradient_evaluations": 7, "wall_seconds": 1.5}


def block(folder, table=TABLE, further=None, **manifest):
    folder.mkdir()
    table.to_parquet(folder / "b0000.parquet", index=False)
    (folder / "b0000.json").write_text(json.dumps(MANIFEST | manifest))
    if further is not None:
        further.to_parquet(folder / "b0000.path.parquet", index=False)
    return folder / "b0000.parquet"


def test_equal_blocks_have_no_difference_whatever_is_added(tmp_path):
    more = TABLE.assign(more=1.0)
    old = block(tmp_path / "old")
    assert differences(old, block(tmp_path / "new", more, TABLE, wall_seconds=9, new="fact")) == []


@pytest.mark.parametrize(
    ("column", "values", "words"),
    [
        ("loss", [np.nextafter(1.0, 2.0), np.nan, -0.0], "column loss: row 0 has"),
        ("loss", [1.0, np.nan, 0.0], "column loss: row 2 has"),
        ("loss", [1.0, 2.0, -0.0], "column loss: row 1 has"),
        ("count", [1.0, 2.0, 3.0], "column count: int64 before, float64 now"),
        ("wrong", [b"", b"", b"\x02"], "column wrong: row 2 has"),
    ],
)
def test_one_bit_is_a_difference(column, values, words):
    (found,) = table_differences(TABLE, TABLE.assign(**{column: values}))
    assert found.startswith(words)


def test_what_is_lost_is_named(tmp_path):
    old = block(tmp_path / "old", further=TABLE)
    new = block(tmp_path / "new", TABLE.drop(columns="count"))
    assert differences(old, new) == ["column count: lost", "b0000.path.parquet: lost"]
    assert table_differences(TABLE, TABLE[:2]) == ["rows: 3 before, 2 now"]


def test_counts_and_outcome_are_compared(tmp_path):
    old = block(tmp_path / "old")
    new = block(tmp_path / "new", gradient_evaluations=8, outcome="diverged")
    assert differences(old, new) == [
        "outcome: 'done' before, 'diverged' now",
        "gradient_evaluations: 7 before, 8 now",
    ]


STATE = {"w": torch.tensor([[1.0, float("nan"), -0.0]]), "count": torch.tensor(3)}


def with_state(block, **tensors):
    torch.save(STATE | tensors, block.with_name("b0000.epoch2.pt"))
    return block


def test_equal_kept_states_have_no_difference_whatever_is_added(tmp_path):
    old = with_state(block(tmp_path / "old"))
    new = with_state(block(tmp_path / "new"), more=torch.ones(2))
    assert (
        old.with_name("b0000.epoch2.pt").read_bytes()
        != new.with_name("b0000.epoch2.pt").read_bytes()
    )
    assert differences(old, new) == []
    # another block's states are none of this one's
    torch.save(STATE, old.with_name("b0001.epoch2.pt"))
    assert differences(old, new) == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"w": torch.tensor([[1.0, float("nan"), 0.0]])}, "tensor w: 1 of 3 numbers are others"),
        ({"w": STATE["w"].double()}, "tensor w: torch.float32 of shape (1, 3) before, torch.f"),
        ({"w": torch.tensor([[1.5, 2.0, -0.0]])}, "tensor w: 2 of 3 numbers are others"),
        ({"w": STATE["w"].reshape(3)}, "tensor w: torch.float32 of shape (1, 3) before, torch."),
        ({"w": STATE["w"].bfloat16()}, "tensor w: torch.float32 of shape (1, 3) before, torch.b"),
        ({"count": torch.tensor(4)}, "tensor count: 1 of 1 numbers are others"),
    ],
)
def test_one_bit_of_a_kept_state_is_a_difference(tmp_path, changed, words):
    old = with_state(block(tmp_path / "old"))
    (found,) = differences(old, with_state(block(tmp_path / "new"), **changed))
    assert found.startswith(f"b0000.epoch2.pt: {words}")


def test_a_lost_state_and_a_lost_tensor_are_named(tmp_path):
    old = with_state(block(tmp_path / "old"), last=torch.zeros(1))
    assert differences(old, block(tmp_path / "none")) == ["b0000.epoch2.pt: lost"]
    new = with_state(block(tmp_path / "new"))
    assert differences(old, new) == ["b0000.epoch2.pt: tensor last: lost"]
