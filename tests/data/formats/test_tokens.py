"""WordPiece against the greedy rule written out, and texts that are too long."""

from __future__ import annotations

import re

import numpy as np
import pytest

from escaping_minima.data.formats.text_data import TextData
from escaping_minima.data.formats.tokens import tokenise
from escaping_minima.data.load import load_texts, load_vocabulary

TEXTS = ["Hello, world!", "unaffable", "Café at 9pm", "", "Hug ˚ it out"]


@pytest.fixture(scope="module")
def vocabulary():
    return load_vocabulary("sample")


def cut(vocabulary, texts, length=64):
    """Return the tokens of texts as words of the vocabulary."""
    labels = np.arange(len(texts))
    data = TextData(texts, labels, texts, labels, texts, labels, ("a",))
    found = tokenise(data, vocabulary, length).train
    begins = [0, *found.ends[:-1]]
    parts = [found.tokens[b:e] for b, e in zip(begins, found.ends, strict=True)]
    return [[vocabulary.tokens[n] for n in part] for part in parts]


def greedy(known, text):
    """Take the longest token that a word of plain lower-case text begins with, again and again."""
    found = []
    for word in re.findall(r"[a-z0-9]+|[^a-z0-9\s]", text):
        begin, pieces = 0, []
        while begin < len(word):
            ends = range(len(word), begin, -1)
            names = [("##" if begin else "") + word[begin:end] for end in ends]
            fits = [name for name in names if name in known]
            if not fits:
                pieces = ["[UNK]"]
                break
            pieces.append(fits[0])
            begin += len(fits[0].removeprefix("##"))
        found += pieces
    return ["[CLS]", *found, "[SEP]"]


def test_known_texts(vocabulary):
    assert cut(vocabulary, TEXTS) == [
        ["[CLS]", "hello", ",", "world", "!", "[SEP]"],
        ["[CLS]", "una", "##ffa", "##ble", "[SEP]"],
        ["[CLS]", "cafe", "at", "9", "##pm", "[SEP]"],
        ["[CLS]", "[SEP]"],
        ["[CLS]", "hug", "[UNK]", "it", "out", "[SEP]"],
    ]


def test_real_texts_are_cut_by_the_greedy_rule(vocabulary):
    every = (t.lower() for t in load_texts("goemotions", "sample").train_texts)
    plain = [t for t in every if t.isascii() and "[" not in t][:500]
    known = frozenset(vocabulary.tokens)
    assert cut(vocabulary, plain, 512) == [greedy(known, text) for text in plain]


@pytest.mark.parametrize("length", [3, 7])
def test_a_long_text_keeps_its_beginning_and_both_ends(vocabulary, length):
    texts = ["we went home and slept well all day"]
    whole, short = (cut(vocabulary, texts, n) for n in (64, length))
    assert short[0] == [*whole[0][: length - 1], "[SEP]"]
    assert len(short[0]) == length


def test_the_first_texts_of_a_split(vocabulary):
    labels = np.arange(5)
    data = TextData(TEXTS, labels, TEXTS, labels, TEXTS, labels, ("a",))
    split = tokenise(data, vocabulary, 64).train
    few = split.first(2)
    assert len(few) == 2
    assert few.ends.tolist() == split.ends.tolist()[:2]
    assert few.tokens.tolist() == split.tokens.tolist()[: split.ends[1]]
    assert few.labels.tolist() == [0, 1]
