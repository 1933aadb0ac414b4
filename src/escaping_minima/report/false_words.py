"""How likely anything false is in the ledger of a study."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from escaping_minima.claims.entries import CHECK
from escaping_minima.claims.source import ALPHA
from escaping_minima.statistics.evidence import Verdict


def false_words(study: str, claims: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Bound the chance that the ledger of a study says anything false.

    Each family keeps the chance of any false "reproduced" in it, and that of any false "not
    reproduced", at `ALPHA`; over several families they add up, whatever the dependence.

    Parameters
    ----------
    study : str
    claims : iterable of mapping
        Judged, with their study.

    Returns
    -------
    dict
        ``study``; ``families``, those with a claim that was tested and is evidence; ``most``, the
        largest chance of any false "reproduced", and likewise of any false "not reproduced".
    """
    families = {
        claim["family"]
        for claim in claims
        if claim["study"] == study
        and claim["kind"] != CHECK
        and claim["verdict"] != Verdict.NOT_TESTED
    }
    return {
        "study": study,
        "families": len(families),
        "most": min(1.0, ALPHA * len(families)),
    }


def false_words_text(record: Mapping[str, Any]) -> str:
    """Say what `false_words` found; empty where nothing was tested."""
    if not record["families"]:
        return ""
    most = percent(record["most"])
    of = f"{record['families']} families, 5 each" if record["families"] > 1 else "one family"
    return (
        f"chance of any false “reproduced”: at most {most} ({of}); of any false “not reproduced” "
        "likewise"
    )


def percent(share: float) -> str:
    """Return a share in percent, with one decimal where it has one."""
    return f"{round(100 * share, 1):g} percent"
