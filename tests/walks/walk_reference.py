"""Slow float64 reference of the walks: one walk at a time, patterns and units in loops.

Written from the definition of the progressive gradient walk alone (Bosman, Engelbrecht and
Helbig, arXiv 1905.10268, with the rules of the authors' code: zero gradient moves up, point 1 is
the start, every step is as long as its draw says), to be an oracle for the batched engine. Draws
come in as arrays. Weights are one vector: layer by layer a matrix (out, in), row by row, then its
biases. Losses and gradients are written as in a textbook, and not as float32 wants them.
"""

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np

XOR = (((0.0, 0.0), 0), ((0.0, 1.0), 1), ((1.0, 0.0), 1), ((1.0, 1.0), 0))


class Judged(NamedTuple):
    """What a set of patterns says of one network: mean loss, share that is right, gradient."""

    loss: float
    accuracy: float
    gradient: np.ndarray


class Point(NamedTuple):
    """What a walk records at one point, before it moves on from there."""

    weights: np.ndarray
    loss: float
    accuracy: float
    test_loss: float
    test_accuracy: float
    gradient_norm: float


def sizes_of(inputs, width, depth, outputs):
    """Return the units of each layer, inputs first."""
    return (inputs, *[width] * depth, outputs)


def count_weights(sizes):
    """Return m, all weights and biases."""
    return sum((before + 1) * after for before, after in pairwise(sizes))


def unpack(weights, sizes):
    """Return [(matrix, biases)] of each layer."""
    layers, at = [], 0
    for before, after in pairwise(sizes):
        rows = [weights[at + i * before : at + (i + 1) * before] for i in range(after)]
        at += before * after
        layers.append((rows, weights[at : at + after]))
        at += after
    assert at == len(weights)
    return layers


def forward(layers, pattern):
    """Return what goes into each layer, and what each layer gives before its unit function."""
    inputs, sums = [np.asarray(pattern, dtype=np.float64)], []
    for depth, (rows, biases) in enumerate(layers):
        z = [float(np.dot(row, inputs[-1])) + float(b) for row, b in zip(rows, biases, strict=True)]
        sums.append(z)
        if depth < len(layers) - 1:
            inputs.append(np.array([v if v > 0 else math.expm1(v) for v in z]))
    return inputs, sums


def backward(layers, inputs, sums, output_slopes):
    """Return the gradient, as one vector, from the slopes of the loss in the outputs."""
    found, slopes = [], list(output_slopes)
    for depth in reversed(range(len(layers))):
        rows, _ = layers[depth]
        found.append([np.concatenate([s * inputs[depth] for s in slopes]), np.array(slopes)])
        if depth > 0:
            back = [
                sum(slope * float(row[i]) for slope, row in zip(slopes, rows, strict=True))
                for i in range(len(inputs[depth]))
            ]
            z = sums[depth - 1]
            slopes = [b * (1.0 if v > 0 else math.exp(v)) for b, v in zip(back, z, strict=True)]
    return np.concatenate([part for layer in reversed(found) for part in layer])


def cross_entropy_of_two(outputs, target):
    """Return loss, slope and whether the answer is right: sigmoid output, target 0 or 1."""
    (z,) = outputs
    # -log p where the target is 1, -log(1 - p) where it is 0
    signed = -z if target else z
    loss = signed + math.log1p(math.exp(-signed)) if signed > 0 else math.log1p(math.exp(signed))
    p = 1.0 / (1.0 + math.exp(-z)) if z > 0 else math.exp(z) / (1.0 + math.exp(z))
    return loss, [p - target], (z > 0) == bool(target)


def cross_entropy_of_many(outputs, target):
    """Return loss, slopes and whether the answer is right: softmax outputs, one is the target."""
    highest = max(outputs)
    powers = [math.exp(z - highest) for z in outputs]
    total = sum(powers)
    loss = math.log(total) + highest - outputs[target]
    slopes = [v / total - (i == target) for i, v in enumerate(powers)]
    return loss, slopes, outputs.index(highest) == target


def judge(weights, sizes, patterns, cross_entropy):
    """Return mean loss, accuracy and gradient over [(pattern, target)]."""
    weights = np.asarray(weights, dtype=np.float64)
    layers = unpack(weights, sizes)
    loss, right, gradient = 0.0, 0, np.zeros(len(weights))
    for pattern, target in patterns:
        inputs, sums = forward(layers, pattern)
        one, slopes, is_right = cross_entropy(sums[-1], target)
        loss += one
        right += is_right
        gradient += backward(layers, inputs, sums, slopes)
    count = len(patterns)
    return Judged(loss / count, right / count, gradient / count)


def judge_xor(weights, width, depth):
    """Return what the four patterns of XOR say."""
    return judge(weights, sizes_of(2, width, depth, 1), XOR, cross_entropy_of_two)


def judge_images(weights, width, depth, images, labels):
    """Return what a minibatch says; images (n, 784) in [0, 1], labels 0..9."""
    patterns = list(zip(images, (int(label) for label in labels), strict=True))
    sizes = sizes_of(len(images[0]), width, depth, 10)
    return judge(weights, sizes, patterns, cross_entropy_of_many)


def follow_gradient(gradient):
    """Return +1 or -1 of each coordinate: down the gradient, and up where it is zero."""
    return np.array([-1.0 if g > 0 else 1.0 for g in gradient])


def walk(start, lengths, at):
    """Return the points of a gradient walk.

    `lengths[l]` says how far each coordinate moves after point l, counted from 0; `at(l, w)`
    returns (Judged that is recorded, Judged whose gradient is taken, Judged of the test set or
    None).
    """
    return _walk(start, lengths, at, lambda judged: follow_gradient(judged.gradient))


def random_walk(start, lengths, at, mask):
    """Return the points of a walk that keeps to one direction of each coordinate."""
    mask = np.asarray(mask, dtype=np.float64)
    return _walk(start, lengths, at, lambda judged: mask)


def _walk(start, lengths, at, direction):
    w, points = np.array(start, dtype=np.float64), []
    for number, length in enumerate(lengths):
        recorded, followed, test = at(number, w)
        points.append(
            Point(
                w.copy(),
                recorded.loss,
                recorded.accuracy,
                test.loss if test else math.nan,
                test.accuracy if test else math.nan,
                math.sqrt(sum(float(g) ** 2 for g in followed.gradient)),
            )
        )
        w = w + direction(followed) * np.asarray(length, dtype=np.float64)
    return points


# ---- tables of a block: arrays are (points, walks)


def bin_of_log(value):
    """Return the bin, 0.05 wide in log10, of a loss or gradient norm."""
    if not math.isfinite(value):
        return 359
    if value <= 0:
        return 0
    return min(max(math.floor(20 * (math.log10(value) + 9)), 0), 359)


def cloud(losses, norms, test_losses=None):
    """Return {(loss bin, gradient bin): [points, sum of log10 test loss]}."""
    cells = {}
    for place in np.ndindex(losses.shape):
        key = (bin_of_log(float(losses[place])), bin_of_log(float(norms[place])))
        held = cells.setdefault(key, [0, 0.0])
        held[0] += 1
        if test_losses is not None:
            held[1] += math.log10(max(float(test_losses[place]), 1e-9))
    return cells


def low(losses, norms, thresholds=(0.01, 0.02, 0.05, 0.1)):
    """Return {(index of the threshold, loss bin): (points, walks)}."""
    points, walks = {}, {}
    for index, threshold in enumerate(thresholds):
        for step, one in np.ndindex(losses.shape):
            if float(norms[step, one]) < threshold:
                key = (index, max(math.floor(min(1000 * float(losses[step, one]), 3000)), 0))
                points[key] = points.get(key, 0) + 1
                walks.setdefault(key, set()).add(one)
    return {key: (count, len(walks[key])) for key, count in points.items()}


def still(losses):
    """Return, for each walk, whether its loss is the same over the last tenth of its points."""
    last = losses[len(losses) - len(losses) // 10 :]
    found = []
    for one in last.T:
        spread, mean = float(one.max()) - float(one.min()), float(np.mean(one, dtype=np.float64))
        found.append(spread <= 1e-6 * max(1.0, abs(mean)))
    return np.array(found)


def course_steps(steps, count=50):
    """Return the points of a course, counted from 0: evenly spaced, first and last among them."""
    if steps <= count:
        return list(range(steps))
    return [round(i * (steps - 1) / (count - 1)) for i in range(count)]


def course(steps, **recorded):
    """Return {name: means over the walks at the points of the course}; log_loss beside loss."""
    at = course_steps(steps)
    table = {
        name: [float(np.mean(rows[s], dtype=np.float64)) for s in at]
        for name, rows in recorded.items()
    }
    logs = [[math.log10(max(float(v), 1e-12)) for v in recorded["loss"][s]] for s in at]
    table["log_loss"] = [sum(row) / len(row) for row in logs]
    return table
