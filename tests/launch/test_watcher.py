"""What of Snakemake's log is said to the user."""

from __future__ import annotations

from pathlib import Path

import pytest

from escaping_minima.launch.watcher import Watcher

LAST = "WorkflowError:\nAt least one job did not complete successfully.\n"


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (LAST, "At least one job did not complete successfully."),
        (
            'WorkflowError in rule all in file "/a/Snakefile", line 3:\n\nToo old.\nMore.\n' + LAST,
            "Too old.",
        ),
        (
            "Error in rule all:\n    jobid: 1\n" + LAST,
            "At least one job did not complete successfully.",
        ),
        ("Killed\n", "Killed"),
        ("", ""),
    ],
)
def test_the_first_complaint_is_the_reason(tmp_path: Path, log: str, said: str) -> None:
    path = tmp_path / "snakemake.log"
    path.write_text(log, encoding="utf-8")
    watcher = Watcher(path)
    watcher.read()
    assert watcher.complaint() == said
