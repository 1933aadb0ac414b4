"""The floors: what can be had of a text data set without a network, in seconds.

Answers are uint8 of shape (n, classes), 1 where a class applies; where a text has one class, each
row has a single 1. A floor draws nothing: it gives the same bits each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from escaping_minima.errors import UserError
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from escaping_minima.kinds.baseline.texts import Split


class Floor(Protocol):
    """A simple classifier; its dataclass fields are its settings."""

    def answer(
        self, train: Split, asked: Sequence[Sequence[str]], one_class: bool
    ) -> list[NDArray[np.uint8]]:
        """Learn from a split, and return the answers to each of some lists of texts."""


@dataclass(frozen=True)
class Majority:
    """Every text gets the most frequent answer of the training split: a class, or a set of labels.

    Of answers that are equally frequent it is the one that `numpy.unique` sorts first.
    """

    def answer(
        self, train: Split, asked: Sequence[Sequence[str]], one_class: bool
    ) -> list[NDArray[np.uint8]]:
        """See `Floor.answer`."""
        found, counts = np.unique(train.answers, axis=0, return_counts=True)
        most = found[counts.argmax()]
        return [np.tile(most, (len(texts), 1)) for texts in asked]


@dataclass(frozen=True)
class Tfidf:
    """TF-IDF of words and short runs of words, and logistic regression, one class against the rest.

    What is no setting has the default of scikit-learn: lower case, words of two letters or more,
    rows of unit length, a penalty on the squares of the weights. Where a text has one class it gets
    the most probable one.

    Attributes
    ----------
    ngram : int
        Runs of 1 to so many words count.
    inverse_penalty : float
        ``C`` of scikit-learn's LogisticRegression: the larger, the weaker the penalty.
    balanced : bool
        Weigh texts so that both sides of a class count alike in training, as the macro-F1 counts
        rare classes as much as frequent ones.
    threshold : float
        Where texts have several labels: a label is given where its probability is above it.

    References
    ----------
    Sparck Jones 1972 for the weights; Fan et al. 2008 (LIBLINEAR) for the solver.
    """

    ngram: int = 2
    inverse_penalty: float = 1.0
    balanced: bool = True
    threshold: float = 0.5

    def __post_init__(self) -> None:
        require(self.ngram >= 1, "ngram", self.ngram, "1 or more")
        above = self.inverse_penalty > 0
        require(above, "inverse_penalty", self.inverse_penalty, "above 0")
        require(0 < self.threshold < 1, "threshold", self.threshold, "above 0, below 1")

    def answer(
        self, train: Split, asked: Sequence[Sequence[str]], one_class: bool
    ) -> list[NDArray[np.uint8]]:
        """See `Floor.answer`.

        Raises
        ------
        UserError
            If scikit-learn is not installed (exit code 1).
        """
        vectorizer, threadpool_limits = _tools(self.ngram)
        # sums of long vectors would depend on how many threads share them
        with threadpool_limits(limits=1):
            known = vectorizer.fit_transform(train.texts)
            rows = [vectorizer.transform(texts) for texts in asked]
            each = [self._probabilities(known, answers, rows) for answers in train.answers.T]
        return [
            self._decide(np.stack(columns, 1), one_class) for columns in zip(*each, strict=True)
        ]

    def _probabilities(
        self, known: Any, answers: NDArray[np.uint8], asked: Sequence[Any]
    ) -> list[NDArray[np.float64]]:
        """Return the probability of one class of each row of some matrices."""
        from sklearn.linear_model import LogisticRegression

        if answers.min() == answers.max():
            # a class that no text has, or all have, cannot be learnt
            return [np.full(rows.shape[0], float(answers[0])) for rows in asked]
        model = LogisticRegression(
            C=self.inverse_penalty,
            class_weight="balanced" if self.balanced else None,
            solver="liblinear",
            max_iter=1000,
        )
        model.fit(known, answers)
        return [model.predict_proba(rows)[:, 1] for rows in asked]

    def _decide(self, probabilities: NDArray[np.float64], one_class: bool) -> NDArray[np.uint8]:
        if one_class:
            classes = probabilities.shape[1]
            best: NDArray[np.uint8] = np.eye(classes, dtype=np.uint8)[probabilities.argmax(1)]
            return best
        return (probabilities > self.threshold).astype(np.uint8)


def _tools(ngram: int) -> tuple[Any, Any]:
    """Return a vectoriser, and what limits the threads of the libraries."""
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from threadpoolctl import threadpool_limits
    except ImportError:
        raise UserError(
            "tfidf: scikit-learn is not installed; run: pip install scikit-learn", exit_code=1
        ) from None
    return TfidfVectorizer(ngram_range=(1, ngram)), threadpool_limits


#: By the name that a cell bears.
FLOORS: dict[str, type[Majority] | type[Tfidf]] = {"majority": Majority, "tfidf": Tfidf}
