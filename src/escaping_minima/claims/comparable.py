"""Whether two sides can be compared as a record says; what cannot is refused in one line."""

from __future__ import annotations

from escaping_minima.claims.checks import found_allowed
from escaping_minima.claims.grammar import LOGARITHMS, Part
from escaping_minima.claims.sides import Values
from escaping_minima.errors import UserError


def check_comparable(part: Part, left: Values, right: Values | float, where: str) -> None:
    """Refuse a part whose sides are not what its comparison takes.

    Parameters
    ----------
    part : Part
    left : Values
    right : Values or float
    where : str
        The claim and the part.

    Raises
    ------
    UserError
        Naming the key.
    """
    if left.share:
        _check_share(part, left, right, where)
    elif part.compared == "signs":
        _check_margin(part, where)
    if isinstance(right, Values):
        _check_pairs(left, right, where)


def _check_pairs(left: Values, right: Values, where: str) -> None:
    """Refuse two sides that are paired by what does not belong together."""
    if left.share != right.share:
        raise UserError(
            f"{where}: one side is a share and the other is none; compare like with like"
        )
    if (left.clusters is None) != (right.clusters is None):
        raise UserError(
            f"{where}: replicates of one side are in clusters and those of the other are not; "
            "compare sides of one kind"
        )
    single = left.share and left.clusters is None
    if not single and left.design != right.design:
        raise UserError(
            f"{where}: found {left.design!r} and {right.design!r}, which share no draws; allowed: "
            "sides of one design, or shares"
        )


def _check_share(part: Part, left: Values, right: Values | float, where: str) -> None:
    # a share in each cluster is a number of its own, whose ratio and signs have a meaning
    if part.compared != "difference" and left.clusters is None:
        raise found_allowed(where, "as", part.compared, "difference, since shares are compared")
    if part.compared not in LOGARITHMS:
        _check_margin(part, where)
    if not isinstance(right, Values) and not 0 <= right <= 100:
        raise found_allowed(where, "right", right, "0 to 100 percent, since it is a share")


def _check_margin(part: Part, where: str) -> None:
    if part.margin >= 100:
        raise found_allowed(where, "margin", part.margin, "below 100, the whole of a share")
