"""The page of two studies: what landscapes predict of each optimiser, what real tasks show.

Both rebuild halves of one paper. It reads their derived tables by name, and nothing else of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from escaping_minima.parts.looks import look_of
from escaping_minima.parts.studies import find_study
from escaping_minima.report.frames import Html, cell_text, fixed, html_table, interval_text
from escaping_minima.report.ledger_table import ledger_table
from escaping_minima.report.markdown import block, escaped, title_of
from escaping_minima.report.tables.words import spanned
from escaping_minima.statistics.intervals import Share, difference_bounds

Tables = Mapping[str, pd.DataFrame]
Rows = list[dict[Any, Any]]

#: The two studies, and the name of the page.
LANDSCAPES, TASKS = "stationary_distributions", "populations"
PAGE = "optimisers"
TITLE = "Optimisers: landscapes and real tasks"
#: What is compared with the first of them.
OPTIMISERS = ("gd", "nig", "nim", "sam", "nig_bh", "nim_bh", "nig_mbh", "nim_mbh")
BASE = OPTIMISERS[0]
NOT_RUN = "not run"
#: Error probability of each side of an interval.
_TAIL = 0.025
_EXPLAINED = (
    "Every number is of a method beside gradient descent, from the tables of this run. On the "
    "landscapes, at the main radius: the share of starts that end in no minimum, and of those "
    "that end in one the share in a global minimum, less that of gradient descent, in points "
    "with a 95 percent interval that holds whatever the pairing of starts. More ends in global "
    "minima than gradient descent is what a landscape can predict of lower training loss and, "
    "if that carries over, of better models. Himmelblau's minima are all global. On the real "
    "tasks, whose methods take gradients of minibatches: mean test score of SetA, the models of "
    "lowest training loss of each trajectory, less that of SGD in the same role, or at base "
    "settings where the role has none, in points with a 95 percent bootstrap interval over "
    "trajectories. *Within the margin* is said of an interval that lies within the margin of "
    "that study. What is said here reads off intervals, one by one, and decides no claim: "
    "verdicts, whose error rates are controlled, stand below."
)


def optimisers_page(ledger: Mapping[str, Any], derived: Mapping[str, Tables]) -> str:
    """Return the page as Markdown.

    Parameters
    ----------
    ledger : Mapping
        From `build_ledger`.
    derived : Mapping of str to Mapping of str to DataFrame
        The derived tables of those of the two studies that are part of the rendering.
    """
    parts = [f"# {TITLE}\n", f"{_EXPLAINED}\n", block(optimisers_table(derived))]
    for study, heading in ((LANDSCAPES, "Claims on landscapes"), (TASKS, "Claims on real tasks")):
        claims = [claim for claim in ledger["claims"] if claim["study"] == study]
        table = ledger_table(claims).replace(' id="claim-', ' id="both-claim-')
        none = f"{escaped(title_of(study))}: not part of this run.\n"
        parts += [f"## {heading}\n", block(table) if claims else none]
    return "\n".join(parts)


def optimisers_table(derived: Mapping[str, Tables]) -> Html:
    """Return a row for each optimiser: what landscapes predict, and what real tasks show."""
    landscapes, tasks = (derived.get(name, {}) for name in (LANDSCAPES, TASKS))
    rows = []
    for method in OPTIMISERS:
        predicted, shown = landscape_lines(method, landscapes), task_lines(method, tasks)
        rows.append(
            {
                "optimiser": look_of(method).title,
                "on the landscapes": _listed(predicted),
                "on the real tasks": _listed(shown),
            }
        )
    return html_table(rows, lead="optimiser")


def landscape_lines(method: str, tables: Tables) -> list[str]:
    """Say of each function where a method's starts end, beside gradient descent's."""
    sweep = tables.get("sweep.csv", pd.DataFrame())
    if sweep.empty:
        return [NOT_RUN]
    names = find_study(LANDSCAPES).value_names()["function"]
    lines = []
    for function in dict.fromkeys(map(str, sweep["function"])):
        main = sweep[(sweep["function"] == function) & (sweep["k"] == 0)]
        own, base = (_counts(main, m) for m in (method, BASE))
        if own and base:
            lines.append(f"{names[function]}: {_ends(own, base, method == BASE)}")
    return lines or [NOT_RUN]


def _counts(main: pd.DataFrame, method: str) -> dict[str, int]:
    """Return how many starts end where, by outcome; of methods that were not run nothing."""
    rows = main[main["method"] == method]
    counts = {str(name): int(n) for name, n in zip(rows["outcome"], rows["count"], strict=True)}
    return counts | {"starts": int(rows["starts"].iloc[0])} if len(rows) else {}


def _ends(own: Mapping[str, int], base: Mapping[str, int], is_base: bool) -> str:
    none = f"{fixed(100 * own['Else'] / own['starts'], 1)} percent in no minimum"
    arrived = own["starts"] - own["Else"], base["starts"] - base["Else"]
    if not own.get("LM", 0) + base.get("LM", 0) or not all(arrived):
        return none
    ours, theirs = (Share(c["GM"], n) for c, n in zip((own, base), arrived, strict=True))
    level = f"{none}; {fixed(100 * ours.value, 1)} percent of the others in global minima"
    if is_base:
        return level
    low, high = (100 * end for end in difference_bounds(ours, theirs, _TAIL))
    difference = 100 * (ours.value - theirs.value)
    words = "more than GD" if low > 0 else "fewer than GD" if high < 0 else "not told apart from GD"
    return f"{level}, {_with_interval(difference, low, high, 1)}: {words}"


def task_lines(method: str, tables: Tables) -> list[str]:
    """Say of each task and role what a method's SetA scores, less that of SGD."""
    found = list(_of_tasks(method, tables))
    return found or [NOT_RUN]


def _of_tasks(method: str, tables: Tables) -> Iterator[str]:
    names = find_study(TASKS).value_names()
    against = tables.get("against_sgd.csv", pd.DataFrame())
    for row in _records(against, method):
        task, role = names["task"][row["task"]], names["role"][row["role"]]
        whose = f"{task}, {row['network']}, {role}"
        yield f"{whose} ({_trajectories(row['trajectories'])}): {_shown(row, tables)}"
    if method == BASE:
        for row in _records(tables.get("levels.csv", pd.DataFrame()), method):
            if row["set"] == "A" and row["measure"] == "score":
                task, role = names["task"][row["task"]], names["role"][row["role"]]
                whose = f"{task}, {row['network']}, {role}"
                level = f"{fixed(row['mean'], 2)} percent"
                yield f"{whose} ({_trajectories(row['n'])}): {level}"


def _records(table: pd.DataFrame, method: str) -> Rows:
    """Return the rows of a method, task by task in the order of the study."""
    if table.empty:
        return []
    order = list(find_study(TASKS).value_names()["task"])
    rows = table[table["method"] == method]
    ordered = rows.sort_values("task", key=lambda tasks: tasks.map(order.index), kind="stable")
    found: Rows = ordered.to_dict("records")
    return found


def _shown(row: Mapping[Any, Any], tables: Tables) -> str:
    low, high, margin = float(row["low"]), float(row["high"]), float(row["margin"])
    difference = float(row["difference"])
    if math.isnan(low):
        return f"{fixed(difference, 2, signed=True)}, of which one trajectory says no more"
    words = "higher" if low > 0 else "lower" if high < 0 else "not told apart"
    inside = ", within the margin" if -margin < low and high < margin else ""
    same = "; does what SGD does" if _does_as_sgd(row, tables) else ""
    return f"{_with_interval(difference, low, high, 2)}: {words}{inside}{same}"


def _does_as_sgd(row: Mapping[Any, Any], tables: Tables) -> bool:
    seen = _records(tables.get("activity.csv", pd.DataFrame()), str(row["method"]))
    keys = ("role", "task", "network")
    return any(s["same_as_sgd"] == 100.0 and all(s[k] == row[k] for k in keys) for s in seen)


def _trajectories(count: float) -> str:
    return spanned([count], "trajectory", "trajectories")


def _with_interval(value: float, low: float, high: float, digits: int) -> str:
    return f"{fixed(value, digits, signed=True)} {interval_text(low, high, digits)}"


def _listed(lines: Sequence[str]) -> Html:
    return Html("<br>".join(cell_text(line) for line in lines))
