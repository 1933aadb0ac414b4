"""Which runs are compared with those of another role."""

from __future__ import annotations

from collections.abc import Mapping

#: Roles whose runs are compared with the main ones of the same seeds.
COMPANIONS: Mapping[str, str] = {"control": "main", "sources": "main"}
