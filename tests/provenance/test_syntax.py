"""One text stands for what decides a number, for source hashes and for vouching."""

from __future__ import annotations

import ast

import pytest

from escaping_minima.provenance.syntax import deciding_text
from escaping_minima.vouching.definitions import read_package

BASE = '''\
TITLE = "A part"
LIMIT = 3


async def later(x: int) -> int:
    """Wait."""
    return x


class Part:
    """A part."""

    size: int = 1

    def step(self, x: int, *more: int) -> int:
        """Do a step."""
        require(x > LIMIT, "x", x, "above the limit")
        if x > 9:
            raise ValueError("too large")
        return x
'''
SAID = [
    ('"A part"\nLIMIT', '"Another"\nLIMIT'),
    ("Do a step", "Do one step"),
    ("x: int, *more: int) -> int", "x, *more)"),
    ('x, "above the limit")', 'x, "more")'),
    ('"too large"', '"larger"'),
    ("later(x: int) -> int", "later(x)"),
]
DECIDED = [
    ("LIMIT = 3", "LIMIT = 4"),
    ("size: int", "size: float"),
    ("x > LIMIT", "x >= LIMIT"),
    ("ValueError", "TypeError"),
    ("x > 9", "x > 8"),
    ("*more", "*others"),
]


def texts(tmp_path, source):
    """Return the text of a module as it is hashed, and of its definitions as they are traced."""
    (tmp_path / "part.py").write_text(source)
    module = read_package(tmp_path)["part"]
    traced = {name: f.text for name, f in module.functions.items()} | module.classes
    return deciding_text(ast.parse(source)), traced | {
        name: value for name, value in module.values.items() if name != "TITLE"
    }


@pytest.mark.parametrize(("before", "after"), SAID)
def test_what_is_said_and_shown_is_in_neither(tmp_path, before, after):
    assert BASE.count(before) == 1
    assert texts(tmp_path, BASE.replace(before, after)) == texts(tmp_path, BASE)


@pytest.mark.parametrize(("before", "after"), DECIDED)
def test_what_decides_is_in_both(tmp_path, before, after):
    assert before in BASE
    usual, edited = texts(tmp_path, BASE), texts(tmp_path, BASE.replace(before, after))
    assert edited[0] != usual[0]
    assert edited[1] != usual[1]
