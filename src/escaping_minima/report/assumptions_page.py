"""The page of assumptions: what each is, what tests it, and which verdicts hang on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from escaping_minima.claims.records import Records, load_records
from escaping_minima.parts.studies import study_names
from escaping_minima.report.assumptions import (
    Assumption,
    Finding,
    changed,
    findings,
    load_assumptions,
    rows_of,
)
from escaping_minima.report.effects import counted
from escaping_minima.report.frames import Html, badge, html_table, link
from escaping_minima.report.markdown import block, escaped, title_of

PAGE = "assumptions"
TITLE = "Assumptions"
#: The derived table of a study that says what other runs give.
OTHER_RUNS = "other_runs.csv"
_EXPLAINED = (
    "Where a source does not say how something was done, something was assumed. Each assumption "
    "stands here with its reason, with what tests it, and with the verdicts that would be others "
    "without it. A test is another reading of a claim, whose record stands beside the main one; a "
    "sweep, over whose settings the claim is judged; or runs of another form in place of the main "
    "ones, of which each claim is judged alone, at the level that its family has for the first of "
    "its claims. A verdict hangs on an assumption if the test gives another one, or if a sweep "
    "comes to different words at different settings."
)


@dataclass(frozen=True)
class _Row:
    """An assumption with what its tests give in this rendering.

    Attributes
    ----------
    assumption : Assumption
    found : list of Finding
    cells : int
        Of runs that test it.
    measured : tuple of str
        What these measure beside the main ones.
    is_here : bool
        Whether its study is part of the rendering.
    claims : Mapping of str to Html
        Identifiers of claims, as links where they have a page.
    """

    assumption: Assumption
    found: list[Finding]
    cells: int
    measured: tuple[str, ...]
    is_here: bool
    claims: Mapping[str, Html]

    def say(self, claims: Iterable[str]) -> str:
        """Return claims as HTML, each once."""
        return ", ".join(self.claims.get(c, Html(escape(c))) for c in dict.fromkeys(claims))

    @property
    def is_tested(self) -> bool:
        """Whether anything was made to test it, here or elsewhere."""
        own = self.assumption
        return bool(own.role or own.readings or own.swept)


def assumptions_page(
    ledger: Mapping[str, Any],
    cells: Mapping[str, pd.DataFrame],
    derived: Mapping[str, Mapping[str, pd.DataFrame]],
    assumptions: Sequence[Assumption] | None = None,
) -> str:
    """Return the page as Markdown.

    Parameters
    ----------
    ledger : Mapping
        From `build_ledger`.
    cells : Mapping of str to DataFrame
        ``cells.csv`` of each study of the rendering.
    derived : Mapping of str to Mapping of str to DataFrame
        The derived tables of each study.
    assumptions : sequence of Assumption, optional
        Those of the reference data by default.
    """
    records = {study: load_records(study) for study in study_names()}
    order = list(records)
    own = sorted(
        load_assumptions() if assumptions is None else assumptions,
        key=lambda a: order.index(a.study) if a.study in order else len(order),
    )
    rows = [_row(assumption, ledger, cells, derived, records) for assumption in own]
    parts = [f"# {TITLE}\n", f"{_EXPLAINED}\n", _summary(rows), *_hanging(rows)]
    return "\n".join([*parts, *_by_study(rows, records)])


def _row(
    assumption: Assumption,
    ledger: Mapping[str, Any],
    cells: Mapping[str, pd.DataFrame],
    derived: Mapping[str, Mapping[str, pd.DataFrame]],
    records: Mapping[str, Records],
) -> _Row:
    claims = {claim["id"]: claim for claim in ledger["claims"]}
    swept = {c.id: c.readings[0].swept for r in records.values() for c in r.claims}
    other = derived.get(assumption.study, {}).get(OTHER_RUNS)
    return _Row(
        assumption,
        findings(assumption, claims, swept, other),
        len(rows_of(assumption, cells.get(assumption.study))),
        tuple(dict.fromkeys(_measured(rows_of(assumption, other)))),
        assumption.study in cells,
        {name: link(f"claims/{name}.html", name) for name in claims},
    )


def _measured(rows: pd.DataFrame) -> Iterator[str]:
    """Yield what other runs measure, beside their verdicts or without any."""
    for row in rows.to_dict("records"):
        yield f"{row['variant']}: {row['measured']}"


def _summary(rows: Sequence[_Row]) -> str:
    tested = [r for r in rows if any(f.changes is not None for f in r.found)]
    hang = [r for r in tested if changed(r.found)]
    untested = [r for r in rows if not r.is_tested]
    return (
        f"{counted(len(rows), 'assumption')}: {len(tested)} tested by verdicts of this run, of "
        f"which {len(hang)} have a verdict that hangs on them; {len(untested)} that nothing tests; "
        f"{len(rows) - len(tested) - len(untested)} whose tests give no verdict here.\n"
    )


def _hanging(rows: Sequence[_Row]) -> list[str]:
    """Return the table of verdicts that hang on an assumption; a word where there is none."""
    found = [
        {"assumption": _linked(row.assumption), "what hangs on it": _lines(_changes(row))}
        for row in rows
        if changed(row.found)
    ]
    heading = "## Verdicts that hang on an assumption\n"
    return [heading, block(html_table(found, lead="assumption")) if found else "None here.\n"]


def _linked(assumption: Assumption) -> Html:
    anchor = f"#{_anchor(assumption)}"
    return Html(f"{link(anchor, assumption.id)} {escape(assumption.what)}")


def _anchor(assumption: Assumption) -> str:
    return f"assumption-{assumption.id.lower()}"


def _by_study(rows: Sequence[_Row], records: Mapping[str, Records]) -> list[str]:
    """Return a table for each study, in the order of the rows."""
    parts = []
    for study in dict.fromkeys(row.assumption.study for row in rows):
        own = [row for row in rows if row.assumption.study == study]
        anchors = [{"id": _anchor(row.assumption)} for row in own]
        table = html_table([_cells(row) for row in own], attributes=anchors, lead="assumption")
        source = f" ({records[study].title})" if study in records else ""
        parts += [f"## {escaped(title_of(study) + source)}\n", block(table)]
    return parts


def _cells(row: _Row) -> dict[str, Any]:
    own = row.assumption
    reason = f'<span class="em-small">{escape(own.reason)}.</span>'
    return {
        "assumption": Html(f"<b>{own.id}</b> {escape(own.what)}<br>{reason}"),
        "could change": Html(row.say(own.claims) or "no verdict"),
        "tested by": _lines(_tested_by(row)),
        "what that gives": _lines(_gives(row)),
    }


def _lines(lines: Iterable[str]) -> Html:
    return Html("<br>".join(lines) or "–")


def _tested_by(row: _Row) -> Iterator[str]:
    own = row.assumption
    if own.readings:
        yield "other readings of claims"
    if own.swept:
        yield f"a sweep: {escape(', '.join(own.swept))}"
    if own.role:
        runs = "; ".join(own.variant) or ", ".join(own.role).replace("_", " ")
        there = counted(row.cells, "cell") if row.cells else "none in this run"
        yield f"runs: {escape(runs)} ({there})"
    if own.untested:
        yield f'<span class="em-small">{escape(own.untested)}.</span>'


def _gives(row: _Row) -> Iterator[str]:
    if row.is_tested and not row.is_here:
        yield "its study is not part of this run"
    yield from _changes(row)
    same = [f for f in row.found if f.changes is False]
    if same:
        yield f"no change: {row.say(f.claim for f in same)} ({counted(len(same), 'test')})"
    open_ones = [f for f in row.found if f.changes is None]
    if open_ones:
        reasons = "; ".join(dict.fromkeys(f.words for f in open_ones if f.words))
        claims = row.say(f.claim for f in open_ones)
        yield f"no verdict: {claims} ({escape(reasons or 'not tested')})"
    yield from map(escape, row.measured)


def _changes(row: _Row) -> Iterator[str]:
    """Yield, for each test that changes a verdict, which and how."""
    for finding in changed(row.found):
        given = escape(finding.words) if finding.words else f"→ {badge(finding.other)}"
        claim = f"{row.say([finding.claim])} {badge(finding.main)}"
        yield f'{claim} {given} <span class="em-small">(by {escape(finding.test)})</span>'
