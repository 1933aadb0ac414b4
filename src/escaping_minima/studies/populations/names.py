"""How tasks, methods and roles are called in verdicts, tables and figures."""

from __future__ import annotations

from collections.abc import Mapping

from escaping_minima.parts.looks import look_of

#: The tasks by what they are fed with, those of a kind in the paper's order.
IMAGE_TASKS = ("cifar-10", "cifar-100")
TEXT_TASKS = ("goemotions", "tweeteval-emotion")
TASKS = (*IMAGE_TASKS, *TEXT_TASKS)
#: What tasks are called in names of settings and jobs.
SLUGS: Mapping[str, str] = {
    "cifar-10": "cifar_10",
    "cifar-100": "cifar_100",
    "goemotions": "goemotions",
    "tweeteval-emotion": "tweeteval",
}
#: The optimisers in the order of the paper's tables, and in that of how much they tell: those of
#: Table 6 and Figure 4 first.
METHODS = ("gd", "nig", "nim", "sam", "nig_bh", "nim_bh")
TELLING = ("gd", "nim_bh", "sam", "nim", "nig", "nig_bh")
#: Those that draw noise, and the monotonic ones, which the paper left out of its real tasks.
NOISY = ("nig", "nim", "nig_bh", "nim_bh")
MONOTONIC = ("nig_mbh", "nim_mbh")
#: What is trained on nothing but counts of words, or on nothing.
FLOORS = ("majority", "tfidf")

#: Tasks in words.
TASK_NAMES: Mapping[str, str] = {
    "cifar-10": "CIFAR-10",
    "cifar-100": "CIFAR-100",
    "goemotions": "GoEmotions",
    "tweeteval-emotion": "TweetEval-emotion",
}


def _minibatch_title(method: str) -> str:
    """Return the title of a method's minibatch form, which has SGD where the whole form has GD."""
    title = look_of(method).title
    stem, dash, last = title.rpartition("-")
    return f"{stem}{dash}SGD" if last == "GD" else title


#: Methods in words; gradients are those of minibatches.
METHOD_NAMES: Mapping[str, str] = {
    **{method: _minibatch_title(method) for method in (*METHODS, *MONOTONIC)},
    "majority": "majority class",
    "tfidf": "TF-IDF, linear",
}
#: Roles of cells in words.
ROLE_NAMES: Mapping[str, str] = {
    "base": "base settings",
    "tuned": "tuned settings",
    "acting": "settings at which noise acts",
    "search": "searches for settings",
    "plain": "plain SGD, as listed",
    "monotonic": "monotonic basin hopping",
    "activity": "where noise acts",
    "floor": "floors",
}
#: Roles whose runs are trajectories of the full length, from which populations are taken.
TRAJECTORIES = ("base", "tuned", "acting", "plain", "monotonic")
