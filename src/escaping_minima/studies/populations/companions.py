"""Which runs are compared with those of another role."""

from __future__ import annotations

from collections.abc import Mapping

#: Roles whose runs are compared with the base ones of the same task and blocks.
COMPANIONS: Mapping[str, str] = {"acting": "base", "monotonic": "base", "plain": "base"}
