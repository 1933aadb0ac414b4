"""TweetEval made by hand."""

from __future__ import annotations

from escaping_minima.data.formats.tweeteval import decode, decode_labels, decode_mapping


def test_labels(complain):
    assert decode_labels(b"3\n0\n1\n", 4, "f") == [3, 0, 1]
    assert complain(decode_labels, b"3\n4\n", 4, "f") == (
        "f, line 2: has the label '4'; allowed: 0 to 3"
    )


def test_mapping(complain):
    assert decode_mapping(b"0\tanger\n1\tjoy", "f") == ("anger", "joy")
    assert complain(decode_mapping, b"0\tanger\n2\tjoy", "f") == (
        "f: has '2\\tjoy' in line 2 instead of '1', a tab, a name"
    )
    assert "in line 1" in complain(decode_mapping, b"0 anger\n", "f")


CONTENTS = {
    "mapping.txt": b"0\tanger\n1\tjoy",
    "train_text.txt": b"a\nb\n",
    "train_labels.txt": b"1\n0\n",
    "val_text.txt": b"c\n",
    "val_labels.txt": b"0\n",
    "test_text.txt": b"d\n",
    "test_labels.txt": b"1\n",
}


def test_a_text_has_one_class():
    data = decode(CONTENTS, (), "here")
    assert data.classes == ("anger", "joy")
    assert (data.train_texts, data.train_labels.tolist()) == (["a", "b"], [1, 0])
    assert (data.validation_texts, data.validation_labels.tolist()) == (["c"], [0])
    assert (data.test_texts, data.test_labels.tolist()) == (["d"], [1])
    assert data.train_labels.dtype == "int64"


def test_labels_that_are_not_as_many_as_the_texts_are_refused(complain):
    assert complain(decode, CONTENTS | {"val_labels.txt": b"0\n1\n"}, (), "here") == (
        "here: val_labels.txt: holds 2 labels for 1 texts"
    )
