"""How a study says its nouns, so that texts about any study can use them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from escaping_minima.claims.checks import found_allowed


@dataclass(frozen=True)
class Words:
    """The nouns of a study.

    Attributes
    ----------
    replicates : str
        The column of ``cells.csv`` that counts what is repeated independently, a plural noun:
        "starts" or "seeds".
    columns : Mapping
        How columns of ``cells.csv`` are said, where that is not their name.
    plurals : Mapping
        Plurals that are not made with an s.
    """

    replicates: str
    columns: Mapping[str, str]
    plurals: Mapping[str, str]

    def column(self, name: str) -> str:
        """Say a column of ``cells.csv``."""
        return self.columns.get(name, name.replace("_", " "))

    def plural(self, noun: str) -> str:
        """Say a noun in the plural."""
        return self.plurals.get(noun, f"{noun}s")


def unmet_need(needs: Mapping[str, int], cells: pd.DataFrame, words: Words) -> str | None:
    """Return the first need that a run does not meet, as a reason; None where all are met.

    Parameters
    ----------
    needs : Mapping
        Least numbers by column.
    cells : DataFrame
        The rows of ``cells.csv`` that a family rests on.
    words : Words

    Raises
    ------
    UserError
        If there is no such column of numbers.
    """
    for column, least in needs.items():
        if column not in cells or not pd.api.types.is_numeric_dtype(cells[column]):
            numbers = ", ".join(cells.select_dtypes("number"))
            raise found_allowed("claims.yaml", "needs", column, f"a column of cells.csv: {numbers}")
        found = cells[column].min()
        if found < least:
            return f"scale: needs {least} {words.column(column)}, this run has {found}"
    return None
