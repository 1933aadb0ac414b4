"""Vouch: show that a change of the code moved no bit, and write down which hashes are equal."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from escaping_minima.plan.jobs import read_plan
from escaping_minima.provenance.circumstances import machine
from escaping_minima.provenance.vouched import TABLE, Row, add_rows
from escaping_minima.vouching import trees
from escaping_minima.vouching.cases import Case, all_cases
from escaping_minima.vouching.coverage import changed_functions, never_ran, spans
from escaping_minima.vouching.run_both import (
    Compared,
    Pair,
    lines_of_equal_jobs,
    read_both,
    run_both,
)


@dataclass
class Outcome:
    """What came of vouching.

    Attributes
    ----------
    rows : list of Row
        The pairs of hashes that are vouched for.
    refused : list of str
        What is not vouched for, and why.
    skipped : list of str
        Cases of single parts that the older tree cannot read.
    never_ran : list of str
        Changed functions, as ``module:function``, of which no equal case executed some lines, and
        which nobody has accepted.
    equal : int
        Cases without a difference.
    """

    rows: list[Row] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    never_ran: list[str] = field(default_factory=list)
    equal: int = 0


@dataclass(frozen=True)
class _Circumstances:
    """What the rows of one call have in common."""

    device: str
    torch: str
    processor: str
    old_commit: str
    new_commit: str


@dataclass(frozen=True)
class _Unseen:
    """Lines of changed functions that no case executed, by ``module:function``."""

    lines: Mapping[str, Sequence[int]]
    accepted: Collection[str]

    def of(self, files: Collection[str]) -> list[str]:
        """Return the functions of some files that have such lines."""
        return [name for name in self.lines if _file(name) in files]

    def refused(self, names: Collection[str]) -> list[str]:
        """Return those that nobody has accepted."""
        return [n for n in names if not {n, n.partition(":")[0]} & set(self.accepted)]


def vouch(
    old: str,
    new: str,
    device: str,
    accepted: Collection[str],
    repository: Path,
    table: Path = TABLE,
    choose: Callable[[Sequence[Case]], Sequence[Case]] = list,
    plan: Path | None = None,
) -> Outcome:
    """Run the cases at two commits, and add to the table the pairs of hashes that are equal.

    Parameters
    ----------
    old, new : str
        Commits.
    device : str
        "cpu" or "cuda".
    accepted : collection of str
        Modules, or ``module:function``, whose lines that never ran do not stand in the way.
    repository : Path
        Whose commits they are.
    table : Path
        Where rows are added.
    choose : callable
        Returns which of the cases are run.
    plan : Path, optional
        Of runs that are under way, whose cells are vouched for as well.

    Raises
    ------
    UserError
        If a commit does not exist (exit code 2), or the working tree has changes or a tree cannot
        be asked (exit code 1).
    """
    commits = [trees.full_name(repository, name) for name in (old, new)]
    trees.require_clean(repository, table)
    planned = [] if plan is None else _records(plan)
    cases = choose(all_cases(repository / "results" / "published", device, planned))
    with ExitStack() as held:
        roots = [held.enter_context(trees.checked_out(repository, c)) for c in commits]
        packages = [trees.package(root) for root in roots]
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        both = read_both(cases, roots[0], roots[1])
        files = {f for case in cases for _, hash_ in both.pairs(case) for f in both.files[hash_]}
        changed = changed_functions(packages[0], packages[1], files)
        watched = {file: spans(functions) for file, functions in changed.items()}
        compared, trained = run_both(cases, both, device, folder, watched)
        ran = lines_of_equal_jobs(compared, trained)
        unseen = _Unseen(never_ran(packages[1], changed, ran), accepted)
    circumstances = _Circumstances(device, trained.torch, trained.gpu or machine(), *commits)
    outcome = _settle(compared, both.files, unseen, circumstances)
    if outcome.rows:
        add_rows(outcome.rows, table)
    return outcome


def _records(plan: Path) -> list[dict[str, Any]]:
    """Return the cells of a plan."""
    _, jobs = read_plan(plan)
    return [blocks.cell.record() for job in jobs.values() for blocks in job.cells]


def report(outcome: Outcome) -> list[str]:
    """Return the lines that say what came of it."""
    accepted = sorted({name for row in outcome.rows for name in row.not_executed.split()})
    return [
        *(f"skipped: {line}" for line in _counted(outcome.skipped)),
        *(f"never ran, accepted: {name}" for name in accepted),
        *(f"refused: {line}" for line in _counted(outcome.refused)),
        *_remedy(outcome.never_ran),
        f"{outcome.equal} cases are equal; {len(outcome.rows)} pairs of source hashes vouched for",
    ]


def _remedy(never_ran: Sequence[str]) -> list[str]:
    if not never_ran:
        return []
    words = "add cases for lines that never ran, or, once you have read them: --accept"
    return [f"{words} {' '.join(never_ran)}"]


def _counted(lines: Sequence[str]) -> list[str]:
    """Return each line once, with how often it is there."""
    return [f"{line} [{n} times]" if n > 1 else line for line, n in Counter(lines).items()]


def _settle(
    compared: Sequence[Compared],
    files: Mapping[str, Sequence[str]],
    unseen: _Unseen,
    circumstances: _Circumstances,
) -> Outcome:
    outcome = Outcome(equal=sum(one.equal for one in compared))
    for one in compared:
        if one.skipped:
            # nothing vouches for a published cell that cannot be run again
            lines = outcome.refused if one.case.published else outcome.skipped
            lines.append(f"{_name(one)}: {one.skipped}")
        if one.differs:
            outcome.refused.append(f"{_name(one)}: {_first(one.differs)}")
    blocked: Counter[str] = Counter()
    for pair in _published_pairs(compared):
        cases = [one for one in compared if pair in one.pairs]
        names = unseen.of(files[pair[1]])
        if not all(one.equal for one in cases):
            continue
        if refused := unseen.refused(names):
            blocked.update(refused)
        else:
            outcome.rows.append(_row(pair, len(cases), names, circumstances))
    outcome.refused += [_never_ran(name, unseen, pairs) for name, pairs in blocked.items()]
    outcome.never_ran += blocked
    return outcome


def _published_pairs(compared: Sequence[Compared]) -> list[Pair]:
    """Return the pairs of published cells whose hash changed."""
    found = {pair for one in compared if one.case.published for pair in one.pairs}
    return sorted(pair for pair in found if pair[0] != pair[1])


def _row(pair: Pair, cases: int, names: Sequence[str], at: _Circumstances) -> Row:
    return Row(
        *pair,
        at.device,
        at.torch,
        at.processor,
        at.old_commit,
        at.new_commit,
        cases,
        " ".join(sorted(names)),
    )


def _never_ran(name: str, unseen: _Unseen, pairs: int) -> str:
    lines = ",".join(map(str, unseen.lines[name]))
    return (
        f"{_file(name)}:{lines}: {name} changed and no equal case executed these lines; "
        f"{pairs} pairs are not vouched for"
    )


def _first(differs: Sequence[str]) -> str:
    more = f" (and {len(differs) - 1} more)" if len(differs) > 1 else ""
    return differs[0] + more


def _name(one: Compared) -> str:
    record = one.case.record
    return f"{one.case.job} ({record['problem']}, {record['method']})"


def _file(name: str) -> str:
    return name.partition(":")[0].replace(".", "/") + ".py"
