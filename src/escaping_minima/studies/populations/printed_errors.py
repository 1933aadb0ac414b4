"""Where the paper's own text and tables do not agree, each with its arithmetic."""

from __future__ import annotations

from escaping_minima.studies.populations.printed_counts import count_errors
from escaping_minima.studies.populations.printed_p_errors import p_value_errors
from escaping_minima.studies.populations.printed_scores import score_errors

PrintedError = dict[str, str]


def printed_errors() -> list[PrintedError]:
    """Return what cannot be right in text and tables together, whatever the runs were.

    Table 4 is read as its text says, as means and standard deviations over all models of a set;
    its caption says medians.

    Returns
    -------
    list of dict
        Keys "where", "check", "arithmetic" and "finding".
    """
    return [*score_errors(), *p_value_errors(), *count_errors()]
