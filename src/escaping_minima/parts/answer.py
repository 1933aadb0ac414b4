"""An answer of a study to one thing that was asked, made by code from verdicts and tables."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """One of the sentences with which the report opens.

    Attributes
    ----------
    question : str
        What was asked, with a question mark.
    sentence : str
        The answer, with a full stop: plain text, with the numbers that it rests on.
    figure : str
        The figure that shows it, one of the study's.
    claims : tuple of str
        The claims whose verdicts it rests on.
    """

    question: str
    sentence: str
    figure: str
    claims: tuple[str, ...]
