"""The five sentences follow verdicts and tables: opposite ones change each of them."""

from __future__ import annotations

import pandas as pd
import pytest

from escaping_minima.claims.records import load_records
from escaping_minima.parts.studies import find_study
from escaping_minima.studies.escape.answers import answers

RECORDS = load_records("escape")
CLAIMS = ("Q01", "Q03", "Q04", "Q05", "Q06", "Q10", "Q11", "Q13")


@pytest.fixture(scope="module")
def both(planting):
    """Return the derived tables of a world as the source has it, and of its opposite."""
    study = find_study("escape")
    return {sense: study.derive(planting.planted(sense), RECORDS)[0] for sense in (1, -1)}


def said(tables, word):
    return [a.sentence for a in answers(dict.fromkeys(CLAIMS, word), tables)]


def test_each_sentence_changes_with_the_tables(both):
    for one, other in zip(said(both[1], "reproduced"), said(both[-1], "reproduced"), strict=True):
        assert one != other
        assert one.endswith(".")
        assert "nan" not in one + other


def test_sentences_say_what_was_planted(both):
    stuck, afresh, straight, reset, batches = said(both[1], "reproduced")
    assert stuck.startswith("Mostly yes")
    assert "from 100 percent of the starts, with higher ones from 100" in stuck
    assert afresh.startswith("Yes: a new start at every step leaves a loss of 2.0 percent")
    assert straight.startswith("Seldom: gradient descent ends at a global minimum from 30 percent")
    assert reset.startswith("Nothing where the gradient is exactly 0 (at most 0 percent")
    assert batches.startswith("They do: ")
    assert "80 percent of the starts end elsewhere by single items, 10 by all 64" in batches
    stuck, afresh, straight, reset, batches = said(both[-1], "not reproduced")
    assert "from 60 percent of the starts" in stuck
    assert afresh.startswith("Less than to begin whole descents again: ")
    assert straight.startswith("Mostly: gradient descent ends at a global minimum from 90 percent")
    assert reset.startswith("Something where the gradient is exactly 0 (at most 50 percent")
    assert batches.startswith("They do not: ")


def test_sentences_carry_the_verdicts(both):
    words = said(both[1], "partly")
    assert sum("partly" in sentence for sentence in words) == 4
    assert all(
        "not judged" in s for s in [a.sentence for a in answers({}, both[1])] if "judged" in s
    )


def test_figures_of_the_answers_are_the_studys(both):
    figures = find_study("escape").figures
    for answer in answers({}, both[1]):
        assert answer.figure in figures
        assert set(answer.claims) <= {claim.id for claim in RECORDS.claims}


def test_a_run_without_the_runs_says_so(both):
    tables = {name: table.iloc[:0] for name, table in both[1].items()}
    assert {a.sentence for a in answers({}, tables)} == {
        "This run has none of the runs that would tell."
    }
    assert isinstance(tables["shares.csv"], pd.DataFrame)
