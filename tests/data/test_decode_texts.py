"""GoEmotions, TweetEval and vocabularies made by hand."""

from __future__ import annotations

import pytest

from escaping_minima.data.decode_texts import (
    decode_goemotions,
    decode_labels,
    decode_lines,
    decode_mapping,
    decode_vocabulary,
)
from escaping_minima.errors import UserError


def complain(function, *arguments):
    with pytest.raises(UserError) as caught:
        function(*arguments)
    assert caught.value.exit_code == 1
    return str(caught.value)


@pytest.mark.parametrize("end", ["", "\n"])
def test_lines_end_at_line_feeds_alone(end):
    text = f"a\x85b\r\u2028c\n\n d {end}"
    assert decode_lines(text.encode(), "f") == ["a\x85b\r\u2028c", "", " d "]


def test_corrupt_lines():
    assert complain(decode_lines, b"ab\xffc", "f") == "f: not UTF-8 text (at byte 2)"
    assert complain(decode_lines, b"", "f") == "f: empty"


def test_goemotions():
    data = 'Say "it", don’t\t4,27\tee84bjg\nok\t0\ta\n'.encode()
    assert decode_goemotions(data, 28, "f") == [
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
def test_corrupt_goemotions(row, line):
    assert complain(decode_goemotions, f"ok\t0\ta\n{row}\n".encode(), 28, "f") == line


def test_labels():
    assert decode_labels(b"3\n0\n1\n", 4, "f") == [3, 0, 1]
    assert complain(decode_labels, b"3\n4\n", 4, "f") == (
        "f, line 2: has the label '4'; allowed: 0 to 3"
    )


def test_mapping():
    assert decode_mapping(b"0\tanger\n1\tjoy", "f") == ("anger", "joy")
    assert complain(decode_mapping, b"0\tanger\n2\tjoy", "f") == (
        "f: has '2\\tjoy' in line 2 instead of '1', a tab, a name"
    )
    assert "in line 1" in complain(decode_mapping, b"0 anger\n", "f")


def test_vocabulary():
    assert decode_vocabulary(b"[PAD]\n[UNK]\n##s\n", "f") == ("[PAD]", "[UNK]", "##s")
    assert complain(decode_vocabulary, b"[UNK]\na\nb\na\n", "f") == (
        "f: has the token 'a' in line 2 and line 4"
    )
    assert complain(decode_vocabulary, b"a\nb\n", "f") == (
        "f: has no token [UNK]: not a WordPiece vocabulary"
    )
