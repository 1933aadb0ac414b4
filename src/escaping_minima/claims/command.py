"""The command ``claims``: its options, and which step they ask for."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from escaping_minima.errors import UserError


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command to its parser."""
    wanted = parser.add_mutually_exclusive_group()
    wanted.add_argument(
        "--check", action="store_true", help="compare each record with the one that was frozen"
    )
    wanted.add_argument(
        "--refreeze",
        nargs="+",
        action="extend",
        metavar="CLAIM",
        help="write down that these records are new, changed or withdrawn",
    )
    parser.add_argument("--why", metavar="REASON", help="with --refreeze: the reason, a sentence")
    parser.add_argument(
        "--form", action="store_true", help="with --refreeze: only the form of the records changed"
    )
    parser.add_argument(
        "--results-known",
        action=argparse.BooleanOptionalAction,
        help="with --refreeze: results were known, or not (default: known where the study has "
        "published tables)",
    )


def do_as_asked(args: argparse.Namespace, checkout: Path) -> list[str]:
    """Do what the options ask for in a checkout, and return what there is to say of it.

    Raises
    ------
    UserError
        If an option stands alone that belongs to ``--refreeze``, or the step refuses.
    """
    from escaping_minima.claims.freezing import check_frozen, list_frozen, refreeze
    from escaping_minima.parts.studies import study_names

    studies = study_names()
    if args.refreeze:
        return refreeze(
            args.refreeze,
            args.why or "",
            studies,
            checkout / "results",
            datetime.now(UTC).date(),
            results_known=args.results_known,
            form_only=args.form,
        )
    for option, value in (("why", args.why), ("results-known", args.results_known)):
        if value is not None:
            raise UserError(f"claims: --{option}: only with --refreeze CLAIM")
    if args.form:
        raise UserError("claims: --form: only with --refreeze CLAIM")
    return [check_frozen(studies)] if args.check else list_frozen(studies)
