"""GoEmotions made by hand."""

from __future__ import annotations

import pytest

from escaping_minima.data.formats.goemotions import decode, decode_comments


def test_goemotions():
    data = 'Say "it", don’t\t4,27\tee84bjg\nok\t0\ta\n'.encode()
    assert decode_comments(data, 28, "f") == [
        ('Say "it", don’t', (4, 27), "ee84bjg"),
        ("ok", (0,), "a"),
    ]


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ("a\t1", "f, line 2: has 2 columns instead of 3"),
        ("a\tb\t1\tc", "f, line 2: has 4 columns instead of 3"),
        ("a\t28\tc", "f, line 2: has the label '28'; allowed: 0 to 27"),
        ("a\t1,\tc", "f, line 2: has the label ''; allowed: 0 to 27"),
        ("a\t-1\tc", "f, line 2: has the label '-1'; allowed: 0 to 27"),
        ("a\t²\tc", "f, line 2: has the label '²'; allowed: 0 to 27"),
    ],
)
def test_corrupt_goemotions(row, line, complain):
    assert complain(decode_comments, f"ok\t0\ta\n{row}\n".encode(), 28, "f") == line


def test_every_emotion_of_a_comment_is_a_one():
    contents = {
        "emotions.txt": b"joy\nfear\nneutral",
        "train.tsv": b"a\t0,2\tx\nb\t1\ty\n",
        "dev.tsv": b"c\t2\tz\n",
        "test.tsv": b"d\t0\tz\n",
    }
    data = decode(contents, (), "here")
    assert data.classes == ("joy", "fear", "neutral")
    assert (data.train_texts, data.train_labels.tolist()) == (["a", "b"], [[1, 0, 1], [0, 1, 0]])
    assert (data.validation_texts, data.validation_labels.tolist()) == (["c"], [[0, 0, 1]])
    assert (data.test_texts, data.test_labels.tolist()) == (["d"], [[1, 0, 0]])
    assert data.train_labels.dtype == "uint8"
