"""What is measured along a run of the arena: losses, places, targets and paths, by what was spent.

Looks are gathered and judged some at a time, which costs a third of judging one by one. The loss
is that of all items without noise; what is looked at is not charged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from escaping_minima.engine.points_objective import evaluator, is_of_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from escaping_minima.engine.arena_places import Places

#: Looks that are gathered at most, and numbers that they take at most.
GATHERED = 20
NUMBERS = 2**21
#: Points of a path at most, its two ends included.
PATH_POINTS = 400
#: What has not happened within the budget.
CENSORED = -1.0


class Looks:
    """The measures of replicates side by side.

    Parameters
    ----------
    problem : PlaneFunction, PointsProblem or SumProblem
    places : Places
    targets : sequence of float
        Losses to be reached, the highest first.
    budget : float
    w : Tensor of shape (k, d)
        The starts.
    followed : sequence of int
        Rows whose path is kept.
    """

    def __init__(
        self,
        problem: Any,
        places: Places,
        targets: Sequence[float],
        budget: float,
        w: Tensor,
        followed: Sequence[int],
    ) -> None:
        self._problem = problem
        self._places = places
        # rising, as a search in order asks for
        self._targets = np.array(targets)[::-1]
        self._budget = budget
        self._followed = followed
        k, d = w.shape
        size = max(1, NUMBERS // (k * max(d, int(getattr(problem, "items", 1)))))
        self._size = min(GATHERED, size)
        self._w: list[Tensor] = []
        self._spent: list[Tensor] = []
        losses = self._losses([w])[0]
        first = places.label(w.cpu().numpy(), losses)
        self.start_losses = losses
        self._state = {
            "lowest": np.where(np.isfinite(losses), losses, np.inf),
            "first": first,
            "away": np.zeros(k, np.int8),
            "returns": np.zeros(k, np.int32),
            "escape_cost": np.full(k, CENSORED),
            "best_cost": np.where(places.is_best(first), 0.0, CENSORED),
            "reached": np.full((k, len(targets)), CENSORED),
            "slot": np.zeros(len(followed), np.int64),
        }
        none = np.zeros((1, k), np.int64)
        self._reach(np.zeros((1, k)), np.arange(k), none, self._count(losses)[None])
        self._paths: list[list[list[float]]] = [
            [self._point(0.0, losses[row], w[row])] for row in followed
        ]

    def look(self, w: Tensor, spent: Tensor) -> None:
        """Take down where everybody is: points (k, d), and what they have spent, (k, 1)."""
        self._w.append(w.clone())
        self._spent.append(spent.clone())
        if len(self._w) >= self._size:
            self.judge()

    def judge(self) -> None:
        """Judge what has been gathered."""
        if not self._w:
            return
        spent = torch.stack(self._spent)[:, :, 0].cpu().numpy()
        self._judge(self._w, spent, spent <= self._budget)
        self._w, self._spent = [], []

    def end(self, w: Tensor, spent: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
        """Judge the ends and return the columns.

        Parameters
        ----------
        w : Tensor of shape (k, d)
        spent : ndarray of shape (k,)
        """
        self.judge()
        losses, labels = self._judge([w], spent[None], np.ones((1, len(w)), bool))
        state = self._state
        for path, row in zip(self._paths, self._followed, strict=True):
            path.append(self._point(spent[row], losses[0, row], w[row]))
        return {
            "start_loss": self.start_losses,
            "loss": losses[0],
            "lowest_loss": state["lowest"],
            "cost": spent,
            "start_region": state["first"],
            "end_region": labels[0],
            "best": self._places.is_best(labels[0]),
            "escape_cost": state["escape_cost"],
            "best_cost": state["best_cost"],
            "returns": state["returns"],
        }

    def targets(self) -> dict[str, NDArray[Any]]:
        """Return a row for each target that was reached: replicate, target, cost."""
        reached = self._state["reached"]
        rows, columns = np.nonzero(reached >= 0)
        return {
            "replicate": rows.astype(np.int32),
            "target": columns.astype(np.int16),
            "cost": reached[rows, columns],
        }

    def paths(self) -> dict[str, NDArray[Any]]:
        """Return the points of the paths that are kept: replicate, cost, loss, w0, w1, ..."""
        points = [
            (row, *point)
            for row, path in zip(self._followed, self._paths, strict=True)
            for point in path
        ]
        columns = np.array(points).T
        names = (f"w{i}" for i in range(len(columns) - 3))
        table = dict(zip(("replicate", "cost", "loss", *names), columns, strict=True))
        return table | {"replicate": table["replicate"].astype(np.int32)}

    def state(self) -> dict[str, Any]:
        """Return what a resumed run needs, once all is judged."""
        self.judge()
        tensors = {name: torch.from_numpy(part) for name, part in self._state.items()}
        return {"state": tensors, "paths": self._paths}

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Go on from what `state` returned."""
        self._state = {name: part.numpy().copy() for name, part in kept["state"].items()}
        self._paths = [list(path) for path in kept["paths"]]

    def _judge(
        self, w: Sequence[Tensor], spent: NDArray[np.float64], within: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float64], NDArray[np.int16]]:
        """Judge looks at once: spent and whether within the budget are (looks, k)."""
        losses = self._losses(w)
        places = self._all_points(w).cpu().numpy()
        labels = self._places.label(places, losses.ravel()).reshape(losses.shape)
        self._follow(w, spent, losses, within)
        self._fall(spent, np.where(within & np.isfinite(losses), losses, np.inf))
        self._leave(spent, labels, losses, within)
        is_best = self._places.is_best(labels) & within
        _note_first(self._state["best_cost"], is_best, spent)
        return losses, labels

    def _fall(self, spent: NDArray[np.float64], losses: NDArray[np.float64]) -> None:
        """Take down the lowest loss, and which targets it has reached."""
        lowest = np.minimum.accumulate(np.vstack([self._state["lowest"], losses]), axis=0)
        self._state["lowest"] = lowest[-1]
        # most fall below no target most of the time
        rows = np.flatnonzero(self._count(lowest[-1]) > self._count(lowest[0]))
        counts = self._count(lowest[:, rows])
        self._reach(spent[:, rows], rows, counts[:-1], counts[1:])

    def _count(self, lowest: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return how many targets losses have reached; what is no number has reached none."""
        return len(self._targets) - np.searchsorted(self._targets, lowest)

    def _reach(
        self,
        spent: NDArray[np.float64],
        rows: NDArray[np.int64],
        before: NDArray[np.int64],
        now: NDArray[np.int64],
    ) -> None:
        """Take down what was spent for targets before .. now - 1; all but rows (looks, rows)."""
        steps = now - before
        looks, places = np.nonzero(steps)
        many = steps[looks, places]
        # 0, 1, ... of each
        within = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
        targets = np.repeat(before[looks, places], many) + within
        owners = np.repeat(rows[places], many)
        self._state["reached"][owners, targets] = np.repeat(spent[looks, places], many)

    def _leave(
        self,
        spent: NDArray[np.float64],
        labels: NDArray[np.int16],
        losses: NDArray[np.float64],
        within: NDArray[np.bool_],
    ) -> None:
        """Take down who left its place for the first time, and who came back how often."""
        away = self._places.away(labels, losses, self._state["first"])
        _note_first(self._state["escape_cost"], (away == 1) & within, spent)
        # where nothing is known, what was known last holds
        away = np.vstack([self._state["away"], np.where(within, away, np.int8(-1))])
        if (away < 0).any():
            looks = np.arange(len(away))[:, None]
            since = np.maximum.accumulate(np.where(away >= 0, looks, 0), axis=0)
            away = np.take_along_axis(away, since, axis=0)
        self._state["returns"] += (away[1:] < away[:-1]).sum(axis=0, dtype=np.int32)
        self._state["away"] = away[-1]

    def _follow(
        self,
        w: Sequence[Tensor],
        spent: NDArray[np.float64],
        losses: NDArray[np.float64],
        within: NDArray[np.bool_],
    ) -> None:
        """Keep the first look of each part of the budget, of the rows whose path is kept."""
        slots = (spent[:, list(self._followed)] * ((PATH_POINTS - 2) / self._budget)).astype(int)
        for place, row in enumerate(self._followed):
            for look, slot in enumerate(slots[:, place]):
                if slot > self._state["slot"][place] and within[look, row]:
                    self._state["slot"][place] = slot
                    point = self._point(spent[look, row], losses[look, row], w[look][row])
                    self._paths[place].append(point)

    def _point(self, spent: float, loss: float, w: Tensor) -> list[float]:
        return [float(spent), float(loss), *w.tolist()]

    def _losses(self, w: Sequence[Tensor]) -> NDArray[np.float64]:
        values = evaluator(self._problem).values(self._all_points(w))
        found: NDArray[np.float64] = values.reshape(len(w), -1).cpu().numpy()
        return found

    def _all_points(self, w: Sequence[Tensor]) -> Tensor:
        """Return the points of all looks (looks x k, d), laid out as the problem reads them."""
        if len(w) == 1:
            return w[0]
        if is_of_rows(self._problem):
            return torch.cat(list(w))
        return torch.cat([one.T for one in w], dim=1).T


def _note_first(
    noted: NDArray[np.float64], happens: NDArray[np.bool_], spent: NDArray[np.float64]
) -> None:
    """Write what was spent where something happens for the first time, in place."""
    is_new = happens.any(axis=0) & (noted == CENSORED)
    rows = np.flatnonzero(is_new)
    noted[rows] = spent[happens[:, rows].argmax(axis=0), rows]
