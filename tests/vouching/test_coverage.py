"""Only functions that changed count, and of them only lines that can decide a number."""

from __future__ import annotations

import pytest

from escaping_minima.vouching.coverage import changed_functions, lines_that_count, never_ran

BASE = '''\
"""A module."""
from escaping_minima.other import helper

LIMIT = 3


class Part:
    """A part."""

    size: int = 1

    def step(self, x: int) -> int:
        """Do a step."""
        if x > LIMIT:
            return helper(x)
        return x


def free(x):
    return x + 1
'''
OTHER = "def helper(x):\n    return x\n\n\ndef another(x):\n    return -x\n"


def package(folder, **modules):
    folder.mkdir()
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def changed(tmp_path, new, **more):
    old = package(tmp_path / "old", base=BASE, other=OTHER)
    now = package(tmp_path / "new", **({"base": new, "other": OTHER} | more))
    found = changed_functions(old, now, [p.name for p in now.glob("*.py")])
    return {f"{file}:{c.function.name}" for file, changes in found.items() for c in changes}


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ("A module", "Another", set()),
        ("Do a step", "Do one step", set()),
        ("x: int) -> int", "x: float) -> float", set()),
        ("return x + 1", "return x + 2", {"base.py:free"}),
        ("LIMIT = 3", "LIMIT = 4", {"base.py:Part.step"}),
        ("size: int = 1", "size: int = 2", {"base.py:Part.step"}),
        ("import helper", "import another as helper", {"base.py:Part.step"}),
        ("class Part:", "class Part(int):", {"base.py:Part.step"}),
    ],
)
def test_a_function_changes_with_its_syntax_its_class_and_the_names_it_reads(
    tmp_path, before, after, names
):
    assert before in BASE
    assert changed(tmp_path, BASE.replace(before, after)) == names


def test_what_only_moved_has_not_changed(tmp_path):
    moved = BASE.replace("escaping_minima.other", "escaping_minima.elsewhere")
    assert changed(tmp_path, moved, elsewhere=OTHER, other="") == set()


def test_what_moved_and_changed_counts_where_it_is_now(tmp_path):
    moved = BASE.replace("escaping_minima.other", "escaping_minima.elsewhere")
    edited = OTHER.replace("return x\n", "return +x\n")
    assert changed(tmp_path, moved, elsewhere=edited, other="") == {"elsewhere.py:helper"}


BODY = '''\
def decide(x):
    """Say what it does,

    at length.
    """
    if x < 0:
        raise ValueError(
            "below 0"
        )
    try:
        y = int(x)
    except TypeError:
        raise ValueError("no number") from None
    assert y == x, (
        "not whole"
    )
    if y:
        return [
            y + i
            for i in range(y)
        ]
    return (
        y
        if x
        else 5
    )
'''


@pytest.fixture
def decide(tmp_path):
    """Return the newer package, its changes, and the lines of `decide`, which changed."""
    old, new = package(tmp_path / "old", body=BODY), package(tmp_path / "new", body=BODY)
    (old / "body.py").write_text(BODY.replace("else 5", "else 4"))
    changes = changed_functions(old, new, ["body.py"])
    (lines,) = lines_that_count(new / "body.py", changes["body.py"])
    return new, changes, lines


def test_lines_that_raise_and_docstrings_do_not_count(decide):
    lines = decide[2]
    assert lines & set(range(1, 17)) == {6, 10, 11, 14}
    assert {17, 19, 20, 23, 24, 25} <= lines


def test_a_line_that_never_ran_is_named(decide):
    new, changes, lines = decide
    assert never_ran(new, changes, {"body.py": lines}) == {}
    assert never_ran(new, changes, {"body.py": lines - {19}}) == {"body:decide": [19]}
    assert never_ran(new, changes, {}) == {"body:decide": sorted(lines)}


def test_a_new_function_counts_once_a_case_enters_it(tmp_path):
    old, new = package(tmp_path / "old"), package(tmp_path / "new", base=BASE)
    changes = changed_functions(old, new, ["base.py"])
    assert never_ran(new, changes, {}) == {}
    assert never_ran(new, changes, {"base.py": {14}}) == {"base:Part.step": [15, 16]}
