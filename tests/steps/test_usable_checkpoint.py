"""What a block cannot go on from is set aside, named once, and not lost."""

from __future__ import annotations

import hashlib
import io
import os

import pytest
import torch

from escaping_minima.engine.checkpoints import Checkpoint
from escaping_minima.errors import UserError
from escaping_minima.steps.usable_checkpoint import keep_usable, remove_all


def written_by(version, path):
    """Rewrite a state as another version of torch would have."""
    buffer = io.BytesIO()
    torch.save({"torch": version, "state": {"step": 1}}, buffer)
    content = buffer.getvalue()
    path.write_bytes(hashlib.sha256(content).digest() + content)


def damage(path, how):
    content = path.read_bytes()
    if how == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif how == "flipped":
        path.write_bytes(content[:99] + bytes([content[99] ^ 1]) + content[100:])
    elif how == "other torch":
        written_by("1.0.0", path)
    elif how == "other program":
        buffer = io.BytesIO()
        torch.save([1, 2], buffer)
        path.write_bytes(hashlib.sha256(buffer.getvalue()).digest() + buffer.getvalue())
    else:
        path.write_text(how)


WAYS = {
    "cut": "it is damaged or cut short",
    "flipped": "it is damaged or cut short",
    "other torch": "torch 1.0.0 wrote it",
    "other program": "it is no checkpoint of this program",
    "text": "it is damaged or cut short",
    "": "it is damaged or cut short",
}


@pytest.fixture
def path(tmp_path):
    """Two states of a block: the newest of step 2, the one before of step 1."""
    found = tmp_path / "b0.s1-1234.pt"
    checkpoint = Checkpoint(found)
    checkpoint.save({"step": 1})
    checkpoint.save({"step": 2})
    return found


def test_good_states_stay_as_they_are(path, capsys):
    keep_usable(path)
    assert Checkpoint(path).load() == {"step": 2}
    assert len(list(path.parent.iterdir())) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("how", "why"), WAYS.items())
def test_the_one_before_is_used_and_never_overwritten_by_a_bad_one(path, capsys, how, why):
    damage(path, how)
    content = path.read_bytes()
    keep_usable(path)
    aside = path.with_suffix(".unusable")
    (said,) = capsys.readouterr().out.splitlines()
    assert said.startswith(f"{aside}: {why}")
    assert said.endswith("not used; the block goes on from the checkpoint before it")
    assert aside.read_bytes() == content
    checkpoint = Checkpoint(path)
    assert checkpoint.load() == {"step": 1}
    # what is saved next does not put the bad one in the place of the good one
    checkpoint.save({"step": 3})
    path.unlink()
    assert checkpoint.load() == {"step": 1}


def test_a_bad_one_before_costs_nothing(path, capsys):
    before = path.with_suffix(".before.pt")
    damage(before, "cut")
    keep_usable(path)
    said = capsys.readouterr().out.strip()
    assert said.endswith("not used; the block goes on from a newer checkpoint")
    assert Checkpoint(path).load() == {"step": 2}


@pytest.mark.parametrize(("how", "why"), WAYS.items())
def test_without_a_good_one_nothing_is_lost_and_the_words_are_true(path, capsys, how, why):
    before = path.with_suffix(".before.pt")
    for file in (path, before):
        damage(file, how)
    contents = {path.read_bytes(), before.read_bytes()}
    keep_usable(path)
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 2
    assert all(line.endswith("not used; the block starts from its beginning") for line in said)
    assert all(why in line for line in said)
    assert Checkpoint(path).load() is None
    assert {p.read_bytes() for p in path.parent.glob("*.unusable")} == contents
    # said once
    keep_usable(path)
    assert capsys.readouterr().out == ""


def test_a_state_of_other_sources_is_named_and_left(path, capsys):
    now = path.with_name("b0.s2-1234.pt")
    keep_usable(now)
    said = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0].removeprefix(f"{path.parent}/") for line in said] == [
        "b0.s1-1234.before.pt is of other sources, data or device",
        "b0.s1-1234.pt is of other sources, data or device",
    ]
    assert path.exists()
    # of another block it says nothing
    keep_usable(path.with_name("b1.s2-1234.pt"))
    assert capsys.readouterr().out == ""


def test_leftovers_go_at_the_next_start_and_with_the_finished_block(path):
    folder = path.parent
    (folder / f".{path.name}.zyx").write_bytes(b"a killed process was writing this")
    (folder / ".b10.s1-1234.pt.abc").write_bytes(b"another block's")
    keep_usable(path)
    assert not (folder / f".{path.name}.zyx").exists()
    path.with_suffix(".unusable").write_bytes(b"bad")
    path.with_name("b0.s0-77.pt").write_bytes(b"old")
    other = path.with_name("b1.s1-1234.pt")
    other.write_bytes(b"of block 1")
    remove_all(path)
    assert sorted(p.name for p in folder.iterdir()) == [".b10.s1-1234.pt.abc", other.name]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_one_line(path):
    damage(path, "cut")
    path.parent.chmod(0o500)
    try:
        with pytest.raises(UserError, match="cannot be written"):
            keep_usable(path)
    finally:
        path.parent.chmod(0o700)
