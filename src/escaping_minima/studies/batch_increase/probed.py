"""What a probe reads, as ``cells.csv`` says it."""

from __future__ import annotations

import pandas as pd

#: Roles of probes of states.
PROBES = ("spread", "noise", "flatness", "slice")
_BETWEEN = ", epoch "


def say_target(role: str, state: int) -> str:
    """Return the ``variant`` of a probe: the role of the runs, and the epoch after which it looks.

    Parameters
    ----------
    role : str
        Of what it reads.
    state : int
        Epochs.
    """
    return f"{role}{_BETWEEN}{state}"


def with_targets(cells: pd.DataFrame) -> pd.DataFrame:
    """Return ``cells.csv`` with what each probe reads.

    Parameters
    ----------
    cells : DataFrame

    Returns
    -------
    DataFrame
        With columns ``target_role``, empty where a cell is no probe, and ``state``, epochs as
        Int64, then missing.
    """
    names = cells["variant"].astype(object).where(cells["role"].isin(PROBES), "").fillna("")
    parts = names.str.partition(_BETWEEN)
    state = pd.to_numeric(parts[2], errors="coerce").astype("Int64")
    return cells.assign(target_role=parts[0], state=state)
