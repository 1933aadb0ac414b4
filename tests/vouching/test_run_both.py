"""What one of two trees cannot read or run: skipped where the case is new, else refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from escaping_minima.vouching import run_both as module
from escaping_minima.vouching.cases import Case
from escaping_minima.vouching.run_both import BothTrees, lines_of_equal_jobs, run_both
from escaping_minima.vouching.trees import Training

CASE = Case("job", {"problem": "p"})
READ = {"id": "aa", "hash": "h"}
UNREAD = {"unreadable": "no such part"}
RAN = {"code": 0, "said": "", "blocks": {"aa": "b0000.parquet"}, "lines": {"f.py": [3]}}
CRASHED = {"code": 1, "said": "KeyError: 'x'", "blocks": {}, "lines": {"f.py": [3]}}


@pytest.fixture
def compared(monkeypatch):
    monkeypatch.setattr(module, "differences", lambda old, new: [])

    def compare(older, newer, jobs=(RAN, RAN)):
        readings = tuple({'{"problem": "p"}': found} for found in (older, newer))
        both = BothTrees((Path("old"), Path("new")), readings, {})
        ready = iter(jobs)

        def train(root, asked, *more):
            return Training({name: next(ready) for name in asked}, "2.0", "")

        monkeypatch.setattr(module.trees, "train", train)
        (found,), trained = run_both([CASE], both, "cpu", Path("folder"), {})
        return found, lines_of_equal_jobs([found], trained)

    return compare


def test_a_case_that_both_run_is_compared(compared):
    found, lines = compared(READ, READ)
    assert found.equal
    assert lines == {"f.py": {3}}


def test_a_case_that_the_older_tree_cannot_read_is_skipped(compared):
    found, _ = compared(UNREAD, READ)
    assert (found.skipped, found.differs) == ("the older tree cannot read it: no such part", ())


@pytest.mark.parametrize("older", [READ, UNREAD])
def test_a_case_that_the_newer_tree_cannot_read_is_refused(compared, older):
    found, _ = compared(older, UNREAD)
    assert not found.skipped
    assert found.differs == ["the newer tree cannot read it: no such part"]


@pytest.mark.parametrize(
    ("jobs", "age"),
    [((RAN, CRASHED), "newer"), ((CRASHED, CRASHED), "newer"), ((CRASHED, RAN), "older")],
)
def test_a_case_that_crashes_is_refused_also_where_both_trees_crash(compared, jobs, age):
    found, lines = compared(READ, READ, jobs)
    assert not found.skipped
    assert found.differs == [f"the {age} tree does not run it: KeyError: 'x'"]
    # what it executed vouches for nothing
    assert lines == {}
