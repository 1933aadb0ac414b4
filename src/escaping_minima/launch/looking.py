"""Which calls of Snakemake only look at a workflow."""

from __future__ import annotations

from collections.abc import Sequence

#: What Snakemake's parser calls the options with which it starts no job and makes no file that a
#: rule makes; a dry run says so by itself.
LOOKS = (
    "containerize",
    "d3dag",
    "dag",
    "detailed_summary",
    "filegraph",
    "generate_unit_tests",
    "lint",
    "list_changes",
    "list_conda_envs",
    "list_input_changes",
    "list_params_changes",
    "list_rules",
    "list_target_rules",
    "list_untracked",
    "print_compilation",
    "report",
    "rulegraph",
    "summary",
    "unlock",
)


def only_looks(words: Sequence[str]) -> bool:
    """Whether Snakemake, called with these words, looks and runs nothing.

    Its own parser reads them: options have several names, and may be cut short.

    Parameters
    ----------
    words : sequence of str
        Without the program's name.
    """
    from snakemake.cli import get_argument_parser

    found = get_argument_parser().parse_known_args(list(words))[0]
    looks = any(getattr(found, name) not in (None, False) for name in LOOKS)
    return looks and not found.report_after_run
