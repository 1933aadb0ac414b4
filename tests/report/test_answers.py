"""The sentences that the report opens with say what verdicts and tables say."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest

from escaping_minima.parts.answer import Answer
from escaping_minima.parts.studies import find_study
from escaping_minima.report import answers as module
from escaping_minima.report.front_page import QUESTION, front_page
from escaping_minima.report.ledger import build_ledger
from escaping_minima.report.summary import summary_lines
from escaping_minima.results.tables import write_tables


def answer(verdicts, tables):
    """Answer a question by a verdict, and by a number of a derived table."""
    best = tables["best.csv"]["share"].iloc[0]
    stuck = {"reproduced": "Yes", "not reproduced": "No"}.get(verdicts.get("I01"), "Open")
    starts = tables["cells.csv"]["starts"].max()
    sentence = f"{stuck}: {best:g} percent <of> {starts} starts."
    return [Answer("Do they get stuck?", sentence, "sweep", ("I01", "I03", "X99"))]


@pytest.fixture
def answering(monkeypatch):
    """Let the planted study answer, or answer otherwise."""

    def let(function):
        study = find_study("stationary_distributions")
        monkeypatch.setattr(module, "find_study", lambda _: replace(study, answers=function))

    return let


def make(planted, folder, verdict="reproduced", share=12.5):
    paths = planted.plant(folder)
    file = paths.judged(planted.STUDY) / "verdicts.json"
    judged = json.loads(file.read_text(encoding="utf-8"))
    judged["claims"][0]["verdict"] = verdict
    file.write_text(json.dumps(judged), encoding="utf-8")
    write_tables(paths.judged(planted.STUDY), {"best.csv": pd.DataFrame({"share": [share]})})
    return build_ledger(paths, [planted.STUDY], "quick")


@pytest.mark.parametrize(
    ("verdict", "share", "sentence"),
    [
        ("reproduced", 12.5, "Yes: 12.5 percent <of> 1000 starts."),
        ("not reproduced", 12.5, "No: 12.5 percent <of> 1000 starts."),
        ("reproduced", 87.5, "Yes: 87.5 percent <of> 1000 starts."),
    ],
)
def test_opposite_verdicts_and_tables_make_another_sentence(
    planted, tmp_path, answering, verdict, share, sentence
):
    answering(answer)
    ledger = make(planted, tmp_path, verdict, share)
    assert ledger["answers"] == [
        {
            "study": planted.STUDY,
            "question": "Do they get stuck?",
            "sentence": sentence,
            "figure": "sweep",
            # a claim of a study that is not part of the rendering is not named
            "claims": ["I01", "I03"],
        }
    ]
    page = front_page(ledger, "")
    assert sentence.replace("<of>", "&lt;of&gt;") in page
    assert (
        page.index(f"# {QUESTION}")
        < page.index("Do they get stuck?")
        < page.index('id="claim-i01"')
    )
    assert f"figures/{planted.STUDY}.html#stationary-distributions-sweep" in page
    assert page.index('href="claims/I03.html"') < page.index('id="claim-i01"')
    assert f"Do they get stuck? {sentence}" in summary_lines(ledger)


def test_without_answers_the_page_begins_with_the_claims(planted, tmp_path):
    ledger = make(planted, tmp_path)
    assert ledger["answers"] == []
    page = front_page(ledger, "")
    assert QUESTION not in page
    assert "em-answers" not in page


def test_an_answer_that_names_no_figure_of_its_study_is_refused(planted, tmp_path, answering):
    answering(lambda verdicts, tables: [Answer("Q?", "A.", "nowhere", ())])
    with pytest.raises(ValueError, match="'nowhere'"):
        make(planted, tmp_path)


def test_a_long_answer_is_wrapped_on_a_terminal(planted, tmp_path, answering):
    answering(lambda verdicts, tables: [Answer("Why?", "word " * 60 + "end.", "sweep", ())])
    lines = summary_lines(make(planted, tmp_path))
    assert max(map(len, lines)) <= 100
    assert " ".join(" ".join(lines).split()).count("word") == 60
