"""Following what Snakemake writes into its log."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

#: The line above a complaint of Snakemake's own, such as "WorkflowError in rule all in file ...:".
_COMPLAINS = re.compile(r"\w+(Error|Exception)( in (rule|file) .*)?:$")


class Watcher:
    """Reads Snakemake's log as it grows.

    Attributes
    ----------
    stage : str
        The rule that started last, in words; empty before the first.
    """

    def __init__(self, log: Path) -> None:
        self._file = log.open(encoding="utf-8", errors="replace")
        self._rest = ""
        self._lines: list[str] = []
        self.stage = ""

    def read(self) -> None:
        """Take in what is new."""
        *lines, self._rest = (self._rest + self._file.read()).split("\n")
        for line in lines:
            self._lines.append(line.strip())
            if match := re.match(r"(?:local)?rule ([\w-]+):", self._lines[-1]):
                self.stage = match[1].replace("_", " ")

    @property
    def lines(self) -> Sequence[str]:
        """All lines that were read, without space at their ends."""
        return self._lines

    def missing_target(self) -> str:
        """Return the target that no rule makes, empty if that was not the matter."""
        found = (re.match(r"No rule to produce (\S+)", line) for line in self._lines)
        return next((match[1] for match in found if match), "")

    def complaint(self) -> str:
        """Return what Snakemake complains of first, or else the last line that says something."""
        said = [line for line in self._lines if line]
        heads = (i for i, line in enumerate(said[:-1]) if _COMPLAINS.match(line))
        return next((said[i + 1] for i in heads), said[-1] if said else "")

    def failed_logs(self) -> list[str]:
        """Return the log files of the jobs that failed, as Snakemake names them."""
        logs, in_error = [], False
        for line in self._lines:
            if line.startswith("Error in rule"):
                in_error = True
            elif in_error and line.startswith("log:"):
                logs.append(line.removeprefix("log:").split(" (check")[0].strip())
                in_error = False
        return logs
