"""The hash of a claim's record, which shows that nothing changed after the runs were seen."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from escaping_minima.parts.canonical import canonical_json


def claim_hash(entry: Mapping[str, Any], raw: Mapping[str, Any]) -> str:
    """Return 8 hex digits of everything that decides a claim's verdict.

    Parameters
    ----------
    entry : Mapping
        The claim in its ``claims.yaml``.
    raw : Mapping
        The whole file: its ``groups``, ``margin`` and ``unit`` and the claim's family decide too.
    """
    deciding = {k: raw[k] for k in ("groups", "margin", "unit") if k in raw}
    deciding |= {k: v for k, v in entry.items() if k != "swept"}
    family = dict(raw["families"][entry["family"]])
    # Two keys are hashed under the names that they had at first: a hash that was shown beside a
    # verdict must not change where the record itself did not.
    deciding["over_radius" if "swept" not in entry else f"over_{entry['swept']}"] = "swept" in entry
    deciding["family_record"] = family | {"methods": family.pop("jobs")}
    return hashlib.sha256(canonical_json(deciding).encode()).hexdigest()[:8]
