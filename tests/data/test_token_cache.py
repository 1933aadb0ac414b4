"""Tokens are made once, found again by all that decides them, and missed in one line."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from escaping_minima.data import token_cache
from escaping_minima.data.formats import tokens as tokens_module
from escaping_minima.data.load import load_texts, load_vocabulary
from escaping_minima.data.token_cache import cached_path, load_tokens
from escaping_minima.errors import UserError

NAME = "tweeteval-emotion"


def load(folder, length=16, version="sample"):
    return load_tokens(NAME, version, length, folder)


@pytest.fixture
def without_library(monkeypatch):
    """A machine on which the library cannot be imported."""
    monkeypatch.setitem(sys.modules, "tokenizers", None)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A folder with tokens; read it only."""
    folder = tmp_path_factory.mktemp("kept")
    load(folder)
    return folder


def assert_same(one, other):
    for split in ("train", "validation", "test"):
        for column in ("tokens", "ends", "labels"):
            first, second = (getattr(getattr(d, split), column) for d in (one, other))
            assert first.dtype == second.dtype
            np.testing.assert_array_equal(first, second)
    assert (one.classes, one.checksums, one.accepted) == (
        other.classes,
        other.checksums,
        other.accepted,
    )


def test_tokens_are_made_once_and_then_read_without_the_library(kept, tmp_path, without_library):
    found = load(kept)
    assert len(found.train) == 3257
    assert {"train_text.txt", "test_labels.txt", "vocab.txt"} < set(found.checksums)
    with pytest.raises(UserError, match=r"'tokenizers', which makes them, is not installed, nor"):
        load(tmp_path)


def test_what_is_read_is_what_was_made(kept, tmp_path):
    assert_same(load(kept), load(tmp_path))


def test_another_length_is_another_file(kept, without_library):
    with pytest.raises(UserError, match=r"tweeteval-emotion-17-[0-9a-f]{16}\.npz; install it"):
        load(kept, 17)


def test_all_that_decides_tokens_names_them(monkeypatch, tmp_path):
    texts, vocabulary = load_texts(NAME, "sample"), load_vocabulary("sample")

    def path(texts=texts, vocabulary=vocabulary, length=16):
        return cached_path(NAME, texts, vocabulary, length, tmp_path)

    changed = {**texts.checksums, "train_text.txt": "0" * 64}
    found = {
        path(),
        path(texts=replace(texts, checksums=changed)),
        path(vocabulary=replace(vocabulary, checksums={"vocab.txt": "0" * 64})),
        path(length=17),
    }
    monkeypatch.setattr(token_cache, "FORMAT", tokens_module.FORMAT + 1)
    assert len(found | {path()}) == 5


@pytest.mark.parametrize("damage", [b"no archive", None])
def test_a_damaged_file_is_made_anew(kept, tmp_path, damage):
    good = next((kept / "tokens").iterdir())
    path = tmp_path / "tokens" / good.name
    path.parent.mkdir()
    path.write_bytes(good.read_bytes()[:-50] if damage is None else damage)
    assert_same(load(tmp_path), load(kept))
    assert path.stat().st_size == good.stat().st_size


def test_tokens_of_fewer_texts_are_not_taken(kept, tmp_path):
    good = next((kept / "tokens").iterdir())
    path = tmp_path / "tokens" / good.name
    path.parent.mkdir()
    with np.load(good) as held:
        columns = dict(held)
    columns["test_ends"] = columns["test_ends"][:-1]
    np.savez(path, **columns)
    assert_same(load(tmp_path), load(kept))


def test_where_nothing_can_be_kept_tokens_are_made(tmp_path):
    (tmp_path / "tokens").write_text("a file where the folder would be")
    assert len(load(tmp_path).test) == 1421


def test_generated_texts_leave_nothing_behind(tmp_path):
    data = load(tmp_path, version="generated")
    assert (len(data.train), len(data.validation), len(data.test)) == (48, 12, 24)
    assert list(tmp_path.iterdir()) == []
