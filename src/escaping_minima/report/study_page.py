"""The page of one study as Markdown: at a glance, its part of the ledger, and the way on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from escaping_minima.parts.studies import find_study
from escaping_minima.report.false_words import false_words_text
from escaping_minima.report.frames import BADGES, facts
from escaping_minima.report.glance import glance_facts
from escaping_minima.report.ledger_table import ledger_table
from escaping_minima.report.markdown import block, escaped, runs_anchor, title_of, toctree


def study_page(study: str, ledger: Mapping[str, Any]) -> str:
    """Return the page of a study.

    Its claims hang below it in the side bar, folded until somebody looks at them.

    Parameters
    ----------
    study : str
    ledger : Mapping
        From `build_ledger`.
    """
    claims = [c for c in ledger["claims"] if c["study"] == study]
    (record,) = (r for r in ledger["provenance"] if r["study"] == study)
    (chance,) = (false_words_text(r) for r in ledger["false_words"] if r["study"] == study)
    entries = [
        f"{c['id']} {BADGES[c['verdict']][0]} {c['verdict']} <claims/{c['id']}>" for c in claims
    ]
    parts = [
        f"# {escaped(title_of(study))}\n",
        f"{escaped(find_study(study).about)} "
        f"[Notebook](notebooks/{study}) · [figures](figures/{study}) · "
        f"[its runs](#{runs_anchor(study)})\n",
        block(facts(glance_facts(record, claims, ledger["label"], "index.html"))),
        "## Claims\n",
        block(ledger_table(claims)),
        f"*{escaped(chance[:1].upper() + chance[1:])}.*\n" if chance else "",
        toctree("Claims", entries) if entries else "",
    ]
    return "\n".join(parts)
