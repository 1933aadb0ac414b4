"""The hash of a claim's record, which shows whether anything in it has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from escaping_minima.parts.canonical import canonical_json

#: What a claim takes from the file where its own entry does not name it.
_DEFAULTS = frozenset({"unit", "margin", "margin_reason"})
#: What a file defines by name for any claim to use.
_DEFINED = ("groups", "sweeps")
#: What of a file only says how things are called.
_NAMING = frozenset({"title", "replicates", "words", "plurals"})
#: What of an entry and of a family is shown and decides nothing.
_SHOWN = frozenset({"title", "figure"})


def claim_hash(entry: Mapping[str, Any], raw: Mapping[str, Any]) -> str:
    """Return 8 hex digits of everything in the records that decides a claim's verdict.

    These are the claim's entry with its unit, margin and reason, its family, the groups and the
    sweeps that it names, and whatever else stands in the file for all claims. Figures and titles
    do not count, nor do other claims and other families, and neither does a group or a sweep that
    the entry does not name: a claim keeps its hash where another one is given a new group.

    Parameters
    ----------
    entry : Mapping
        The claim in its ``claims.yaml``.
    raw : Mapping
        The whole file.
    """
    own = _without(entry, _SHOWN)
    apart = {*_DEFAULTS, *_NAMING, *_DEFINED, "families", "claims"}
    deciding = {
        "claim": {k: raw[k] for k in _DEFAULTS if k in raw} | own,
        "family": _without(raw["families"][entry["family"]], _SHOWN),
        # a key that some later grammar adds counts until somebody says that it need not
        "file": _without(raw, apart),
        **{key: _named(own, raw.get(key, {})) for key in _DEFINED},
    }
    return hashlib.sha256(canonical_json(deciding).encode()).hexdigest()[:8]


def _without(record: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    return {k: v for k, v in record.items() if k not in keys}


def _named(entry: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Return the definitions whose names occur in an entry, or in a definition that does.

    A name is looked for in the text of the entry, wherever it stands: whatever the grammar of
    parts, nothing that an entry names is missed. What is found by chance does no harm.
    """
    named: dict[str, Any] = {}
    text = canonical_json(entry)
    while found := {n: d for n, d in definitions.items() if n not in named and _text(n) in text}:
        named |= found
        text = canonical_json(found)
    return named


def _text(name: str) -> str:
    return canonical_json(name)[1:-1]
