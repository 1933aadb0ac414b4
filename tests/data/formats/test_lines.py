"""Lines and the numbers in them."""

from __future__ import annotations

import pytest

from escaping_minima.data.formats.lines import decode_label, decode_lines


@pytest.mark.parametrize("end", ["", "\n"])
def test_lines_end_at_line_feeds_alone(end):
    text = f"a\x85b\r\u2028c\n\n d {end}"
    assert decode_lines(text.encode(), "f") == ["a\x85b\r\u2028c", "", " d "]


def test_corrupt_lines(complain):
    assert complain(decode_lines, b"ab\xffc", "f") == "f: not UTF-8 text (at byte 2)"
    assert complain(decode_lines, b"", "f") == "f: empty"


@pytest.mark.parametrize("word", ["28", "", "-1", "²", "1.0", " 1"])
def test_a_label_is_a_number_below_that_of_classes(word, complain):
    assert decode_label("27", 28, "f") == 27
    assert complain(decode_label, word, 28, "f") == f"f: has the label {word!r}; allowed: 0 to 27"
