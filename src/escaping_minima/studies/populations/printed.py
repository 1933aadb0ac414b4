"""The numbers that the paper prints of its populations: Tables 2 to 6."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Literal

import pandas as pd

from escaping_minima.claims.records import REFERENCE
from escaping_minima.studies.populations.names import METHOD_NAMES, METHODS

#: The folder of the reference data.
SOURCE = "inan2024-model-populations"
#: Trajectories of each optimiser, and models of each set and trajectory, as the text states.
TRAJECTORIES, MODELS = 5, 10
#: Methods by the paper's names, which are those of this project.
METHODS_BY_NAME: Mapping[str, str] = {METHOD_NAMES[method]: method for method in METHODS}
#: Tasks by the paper's names, which differ between its tables.
TASKS_BY_NAME: Mapping[str, str] = {
    "Cifar10-ResNet50": "cifar-10",
    "Cifar10": "cifar-10",
    "Cifar100-ResNet50": "cifar-100",
    "Cifar100": "cifar-100",
    "GoEmotions": "goemotions",
    "GoEmot": "goemotions",
    "TweetEval": "tweeteval-emotion",
}

Test = Literal["mann_whitney", "t"]
Quantity = Literal["score", "loss"]
Role = Literal["tuned", "base"]


@dataclass(frozen=True)
class PrintedTest:
    """What a table of p-values tests.

    Attributes
    ----------
    file : str
        Where its numbers are kept.
    test : {"mann_whitney", "t"}
    quantity : {"score", "loss"}
        Accuracy or macro-F1 on the test set, or training loss.
    role : {"tuned", "base"}
        Version of the methods; of Table 6 none is stated, and it is read as tuned.
    """

    file: str
    test: Test
    quantity: Quantity
    role: Role


#: Tables of p-values: SetA against SetB in each but 6, which compares SetA of two methods.
TABLES: Mapping[str, PrintedTest] = {
    "2a": PrintedTest(
        "table2a_mannwhitney_performance_tuned.csv", "mann_whitney", "score", "tuned"
    ),
    "2b": PrintedTest("table2b_mannwhitney_performance_base.csv", "mann_whitney", "score", "base"),
    "3a": PrintedTest("table3a_ttest_performance_tuned.csv", "t", "score", "tuned"),
    "3b": PrintedTest("table3b_ttest_performance_base.csv", "t", "score", "base"),
    "5a": PrintedTest("table5a_mannwhitney_loss.csv", "mann_whitney", "loss", "tuned"),
    "5b": PrintedTest("table5b_ttest_loss.csv", "t", "loss", "tuned"),
    "6": PrintedTest("table6_pairwise_optimizers.csv", "mann_whitney", "score", "tuned"),
}


@cache
def load_p_values() -> pd.DataFrame:
    """Load the p-values of Tables 2, 3, 5 and 6.

    Returns
    -------
    DataFrame
        ``table``, ``test``, ``quantity``, ``role``, ``task``, ``method``, ``other_method`` (of
        Table 6 alone, else empty), ``p``, ``as_printed`` and ``bold``; 156 rows, as printed.
    """
    return pd.concat([_p_values(name) for name in TABLES], ignore_index=True)


def _p_values(name: str) -> pd.DataFrame:
    meta, read = TABLES[name], _read(TABLES[name].file)
    if "pair" in read:
        pairs = read["pair"].str.split(" vs ", expand=True)
        read = read.assign(algorithm=pairs[0], other=pairs[1], printed_bold="no")
        others = read["other"].map(METHODS_BY_NAME)
    else:
        others = pd.Series("", index=read.index)
    return pd.DataFrame(
        {
            "table": name,
            "test": meta.test,
            "quantity": meta.quantity,
            "role": meta.role,
            "task": read["task"].map(TASKS_BY_NAME),
            "method": read["algorithm"].map(METHODS_BY_NAME),
            "other_method": others,
            "p": read["p_value_as_printed"].astype(float),
            "as_printed": read["p_value_as_printed"],
            "bold": read["printed_bold"] == "yes",
        }
    )


@cache
def load_table4() -> pd.DataFrame:
    """Load centres and spreads of the test score in both sets: Table 4.

    Returns
    -------
    DataFrame
        ``task``, ``method``, ``set`` ("A" or "B"), ``centre`` and ``spread`` in percent, both
        ``_as_printed`` (of one), and ``bold``; 48 rows.
    """
    keys = ["task", "method", "set"]
    read = _read("table4_performance.csv")
    read = read.assign(
        task=read["task"].map(TASKS_BY_NAME),
        method=read["algorithm"].map(METHODS_BY_NAME),
        set=read["set"].str.removeprefix("Set"),
    )
    centres, spreads = (
        read[read["statistic"] == statistic].set_index(keys) for statistic in ("centre", "spread")
    )
    found = pd.DataFrame(
        {
            "centre": centres["value_as_printed"].map(_percent),
            "spread": spreads["value_as_printed"].map(_percent),
            "centre_as_printed": centres["value_as_printed"],
            "spread_as_printed": spreads["value_as_printed"],
            "bold": centres["printed_bold"] == "yes",
        }
    )
    return found.loc[centres.index].reset_index()


def printed_error(where: str, check: str, arithmetic: str, finding: str) -> dict[str, str]:
    """Return an error of text and tables as the report shows it: see `printed_errors`."""
    return {"where": where, "check": check, "arithmetic": arithmetic, "finding": finding}


def _read(file: str) -> pd.DataFrame:
    return pd.read_csv(REFERENCE / SOURCE / file, dtype=str, keep_default_na=False)


def _percent(printed: str) -> float:
    return float(100 * Decimal(printed))
