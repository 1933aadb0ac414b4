"""The answers with which the report opens: what the studies of a rendering make of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from escaping_minima.collect.collected import read_collected
from escaping_minima.parts.studies import find_study
from escaping_minima.parts.study import Study
from escaping_minima.report.frames import Html, badge, link
from escaping_minima.report.markdown import block, figure_anchor, title_of
from escaping_minima.results.paths import ResultPaths
from escaping_minima.results.tables import read_tables


def find_answers(
    paths: ResultPaths, studies: Sequence[str], claims: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Ask each study of a rendering for its answers.

    Parameters
    ----------
    paths : ResultPaths
    studies : sequence of str
    claims : iterable of Mapping
        Judged, of all studies.

    Returns
    -------
    list of dict
        Ready for JSON: ``study``, ``question``, ``sentence``, ``figure`` and ``claims``, those of
        them that are part of the rendering.

    Raises
    ------
    ValueError
        If an answer names a figure that its study does not have.
    """
    verdicts = {str(c["id"]): str(c["verdict"]) for c in claims}
    return [
        answer
        for study in map(find_study, studies)
        for answer in _answers_of(study, paths, verdicts)
    ]


def _answers_of(
    study: Study[Any], paths: ResultPaths, verdicts: Mapping[str, str]
) -> list[dict[str, Any]]:
    if study.answers is None:
        return []
    tables = read_collected(paths.tables(study.name)) | read_tables(paths.judged(study.name))
    found = []
    for answer in study.answers(verdicts, tables):
        if answer.figure not in study.figures:
            raise ValueError(f"{study.name}: an answer names a figure {answer.figure!r}")
        found.append(
            {
                "study": study.name,
                "question": answer.question,
                "sentence": answer.sentence,
                "figure": answer.figure,
                "claims": [name for name in answer.claims if name in verdicts],
            }
        )
    return found


def answers_part(ledger: Mapping[str, Any]) -> list[str]:
    """Return the answers as Markdown for the top of the front page; nothing where there are none.

    Parameters
    ----------
    ledger : Mapping
        From `build_ledger`.
    """
    if not ledger["answers"]:
        return []
    verdicts = {c["id"]: c["verdict"] for c in ledger["claims"]}
    items = "".join(f"<li>{_item(answer, verdicts)}</li>" for answer in ledger["answers"])
    return [block(f'<ol class="em-answers">{items}</ol>')]


def _item(answer: Mapping[str, Any], verdicts: Mapping[str, str]) -> Html:
    anchor = figure_anchor(answer["study"], answer["figure"])
    drawn = link(f"figures/{answer['study']}.html#{anchor}", title_of(answer["figure"]))
    rests = ", ".join(
        f'<span class="em-pair">{link(f"claims/{name}.html", name)} {badge(verdicts[name])}</span>'
        for name in answer["claims"]
    )
    based = f"; rests on {rests}" if rests else ""
    return Html(
        f"<strong>{escape(answer['question'])}</strong> {escape(answer['sentence'])}"
        f'<br><span class="em-small">Figure: {drawn}{based}</span>'
    )
