"""The arena written out plainly: one replicate after another, one look after another."""

from __future__ import annotations

import numpy as np
import torch

from escaping_minima.draws.lane_noise import LaneNoise
from escaping_minima.engine.columns import Joined
from escaping_minima.engine.points_objective import PointsObjective, is_of_rows

CPU = torch.device("cpu")


class Counted(PointsObjective):
    """A problem without items whose looks are counted in the order they are asked for."""

    def spent(self, cost):
        return (self.gradient_evaluations * cost + self.loss_evaluations)[:, 0].tolist()


def path_of_steps(problem, method, streams, starts, budget, cost):
    """Return where all replicates are after each step and what they have spent, step by step.

    Both go on until every replicate is over its budget; and a function that settles the state
    after a number of steps.
    """
    joined = Joined([method], len(starts), CPU)
    w = starts.clone() if is_of_rows(problem) else starts.T.contiguous().T
    objective, state = Counted(problem, len(w), CPU), joined.start(w)
    noise = LaneNoise([streams], len(w), w.shape[1], CPU, is_of_rows(problem))
    points, spent, states = [w.clone()], [[0.0] * len(w)], [clone(state)]
    while min(spent[-1]) <= budget:
        noise.begin(len(points) - 1)
        joined.step(w, state, objective, noise)
        now = objective.spent(cost)
        idle = sum(a - b for a, b in zip(now, spent[-1], strict=True)) == 0
        points.append(w.clone())
        spent.append([value + 1.0 for value in spent[-1]] if idle else now)
        states.append(clone(state))

    def settled(row, steps):
        place, kept = points[steps].clone(), clone(states[steps])
        joined.finish(place, kept, Counted(problem, len(place), CPU))
        return place[row]

    return points, spent, settled


def clone(state):
    return {name: tensor.clone() for name, tensor in state.items()}


def measure(points, spent, settled, row, budget, loss_of, label_of, best, targets):
    """Return the columns of one replicate and the cost of each target, by looking at each step."""
    steps = max(step for step, cost in enumerate(spent) if cost[row] <= budget)
    looks = [(spent[t][row], points[t][row]) for t in range(steps + 1)]
    looks.append((spent[steps][row], settled(row, steps)))
    first, away, returns = label_of(looks[0][1]), False, 0
    escape = nearest_best = -1.0
    lowest, reached = np.inf, {}
    for number, (cost, place) in enumerate(looks):
        loss, label = loss_of(place), label_of(place)
        if np.isfinite(loss) and loss < lowest:
            lowest = loss
        for index, target in enumerate(targets):
            if lowest <= target:
                reached.setdefault(index, cost)
        if label in best and nearest_best < 0:
            nearest_best = cost
        if number == 0 or -1 in (label, first):
            continue
        if label != first and escape < 0:
            escape = cost
        returns += away and label == first
        away = label != first
    end = looks[-1][1]
    columns = {
        "replicate": row,
        "start_loss": loss_of(looks[0][1]),
        "loss": loss_of(end),
        "lowest_loss": lowest,
        "cost": looks[-1][0],
        "start_region": first,
        "end_region": label_of(end),
        "best": label_of(end) in best,
        "escape_cost": escape,
        "best_cost": nearest_best,
        "returns": returns,
    }
    return columns, reached
