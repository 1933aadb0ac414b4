"""Slow float64 references of SGD-SA and SSA: one small network, its backward pass by hand.

Written in NumPy from the two algorithms alone, to be held against what trains torch modules. All
randomness is handed in. A step ``t`` counts minibatches over all epochs, from 0. A network is
changed in place.

Source: Fischetti and Stringher, doi 10.1007/978-3-030-85672-4_1 (Algorithms 1 and 2), and where
it leaves a choice their code, github.com/QuasarLight/sgd-sa.

Both functions return one dictionary a step:

===============  ================================================================================
``l_old``        the loss that the move is compared with, a batch mean in any ``unit``
``l_new``        the loss after the move, a batch mean; NaN where it is not computed
``worse``        ``l_new - l_old``
``probability``  of keeping the move, at most 1; 1 where it is kept without a question
``accepted``     whether the move was kept
``rate``         of this step (``sgd_sa``); ``radius`` in ``ssa``
``temperature``  that the move was judged at, so before any cooling that follows the step
``weights``      copy of all parameters after the step, in the order of `PARAMETERS`
``statistics``   copy of running mean and running variance after the step, one after the other
===============  ================================================================================
"""

import math

import numpy as np

PARAMETERS = ("W1", "b1", "gamma", "beta", "W2", "b2")
MOMENTUM = 0.1
EPSILON = 1e-5


class TinyNetwork:
    """Dense (d to h), batch normalisation, ReLU, dropout by given factors, dense (h to c).

    ``W1`` is (h, d), ``W2`` (c, h); ``b1``, ``gamma``, ``beta``, ``running_mean`` and
    ``running_var`` are (h,), ``b2`` (c,). All are copied. No method but `move_statistics` and
    the two setters changes anything.
    """

    def __init__(self, W1, b1, gamma, beta, W2, b2, running_mean=None, running_var=None):
        self.W1, self.b1, self.gamma, self.beta, self.W2, self.b2 = (
            np.array(given, dtype=np.float64) for given in (W1, b1, gamma, beta, W2, b2)
        )
        mean = np.zeros(len(b1)) if running_mean is None else running_mean
        variance = np.ones(len(b1)) if running_var is None else running_var
        self.set_statistics(np.concatenate([mean, variance]))

    def weights(self):
        """Return a flat copy of all parameters."""
        return np.concatenate([getattr(self, name).ravel() for name in PARAMETERS])

    def set_weights(self, flat):
        """Take all parameters from a flat vector."""
        start = 0
        for name in PARAMETERS:
            shape = getattr(self, name).shape
            end = start + math.prod(shape)
            setattr(self, name, np.array(flat[start:end], dtype=np.float64).reshape(shape))
            start = end
        if len(flat) != start:
            raise ValueError(f"{len(flat)} numbers for {start} parameters")

    def statistics(self):
        """Return a copy of running mean and running variance, one after the other."""
        return np.concatenate([self.running_mean, self.running_var])

    def set_statistics(self, flat):
        """Take running mean and running variance from one vector."""
        self.running_mean, self.running_var = np.array(flat, dtype=np.float64).reshape(2, -1)

    def infer(self, inputs):
        """Return logits (n, c) by the running statistics, without dropout."""
        hidden = inputs @ self.W1.T + self.b1
        centred = (hidden - self.running_mean) / np.sqrt(self.running_var + EPSILON)
        active = np.maximum(self.gamma * centred + self.beta, 0.0)
        return active @ self.W2.T + self.b2

    def loss(self, inputs, targets):
        """Return the mean cross-entropy in inference mode."""
        return cross_entropy(self.infer(inputs), targets)

    def error(self, inputs, targets):
        """Return one minus accuracy in inference mode."""
        return 1.0 - float(np.mean(np.argmax(self.infer(inputs), axis=1) == targets))

    def move_statistics(self, inputs):
        """Move the running statistics as a training pass over a minibatch does."""
        hidden = inputs @ self.W1.T + self.b1
        count = len(hidden)
        if count < 2:
            raise ValueError("a minibatch of one item has no unbiased variance")
        mean = hidden.sum(axis=0) / count
        unbiased = ((hidden - mean) ** 2).sum(axis=0) / (count - 1)
        self.running_mean = (1 - MOMENTUM) * self.running_mean + MOMENTUM * mean
        self.running_var = (1 - MOMENTUM) * self.running_var + MOMENTUM * unbiased

    def training_loss(self, inputs, targets, mask):
        """Return the mean cross-entropy in training mode; running statistics stay."""
        return cross_entropy(self._train(inputs, mask)["logits"], targets)

    def gradient(self, inputs, targets, mask):
        """Return the loss in training mode and its flat gradient; running statistics stay."""
        seen = self._train(inputs, mask)
        count = len(targets)
        powers = np.exp(seen["logits"] - seen["logits"].max(axis=1, keepdims=True))
        by_logits = powers / powers.sum(axis=1, keepdims=True)
        by_logits[np.arange(count), targets] -= 1.0
        by_logits /= count
        by_dropped = by_logits @ self.W2
        by_scaled = np.where(seen["scaled"] > 0, by_dropped * mask, 0.0)
        by_centred = by_scaled * self.gamma
        # mean and variance are of the minibatch, so they move with every hidden number
        by_hidden = (
            by_centred
            - by_centred.mean(axis=0)
            - seen["centred"] * (by_centred * seen["centred"]).mean(axis=0)
        ) / seen["deviation"]
        parts = (
            by_hidden.T @ inputs,
            by_hidden.sum(axis=0),
            (by_scaled * seen["centred"]).sum(axis=0),
            by_scaled.sum(axis=0),
            by_logits.T @ seen["dropped"],
            by_logits.sum(axis=0),
        )
        flat = np.concatenate([part.ravel() for part in parts])
        return cross_entropy(seen["logits"], targets), flat

    def _train(self, inputs, mask):
        hidden = inputs @ self.W1.T + self.b1
        mean = hidden.mean(axis=0)
        deviation = np.sqrt(((hidden - mean) ** 2).mean(axis=0) + EPSILON)
        centred = (hidden - mean) / deviation
        scaled = self.gamma * centred + self.beta
        dropped = np.maximum(scaled, 0.0) * mask
        return {
            "deviation": deviation,
            "centred": centred,
            "scaled": scaled,
            "dropped": dropped,
            "logits": dropped @ self.W2.T + self.b2,
        }


def cross_entropy(logits, targets):
    """Return the mean cross-entropy of logits (n, c)."""
    below = logits - logits.max(axis=1, keepdims=True)
    logs = np.log(np.exp(below).sum(axis=1))
    return float(np.mean(logs - below[np.arange(len(targets)), targets]))


def sgd_sa(
    network,
    batches,
    *,
    rates,
    choices,
    uniforms,
    masks,
    temperature,
    cooling_epoch=0.8,
    floor=1e-14,
    cooling_step=1.0,
    unit="share",
    accept=True,
    roll_back=False,
    losses="inference",
):
    """Train by gradient steps of drawn rates, each kept or undone by its loss.

    ``batches`` is a list of epochs, each a list of (inputs (n, d), targets (n,)); step ``t`` has
    the rate ``rates[choices[t]]``, the uniform number ``uniforms[t]`` and the dropout factors
    ``masks[t]`` (n, h). With ``unit`` "share" the temperature is that of the mean loss divided
    by n once more, with "mean" that of the mean loss. ``losses`` says in which mode moves are
    judged: "inference" (as released) or "training" (as printed).
    """
    _one_of(losses, ("inference", "training"))
    steps = []
    for epoch in batches:
        for inputs, targets in epoch:
            t = len(steps)
            rate, mask = rates[choices[t]], masks[t]
            weights, statistics = network.weights(), network.statistics()
            l_old, gradient = network.gradient(inputs, targets, mask)
            l_new, probability, accepted = math.nan, 1.0, True
            if accept and losses == "inference":
                # before the statistics move
                l_old = network.loss(inputs, targets)
            network.move_statistics(inputs)
            network.set_weights(weights - rate * gradient)
            if accept:
                l_new = (
                    network.loss(inputs, targets)
                    if losses == "inference"
                    else network.training_loss(inputs, targets, mask)
                )
                worse = l_new - l_old
                probability, accepted = _judge(worse, len(targets), temperature, uniforms[t], unit)
            if not accepted:
                network.set_weights(weights)
                if roll_back:
                    network.set_statistics(statistics)
            record = _record(network, l_old, l_new, probability, accepted)
            steps.append({**record, "rate": rate, "temperature": temperature})
            temperature = _cool_step(temperature, cooling_step, floor)
        temperature = max(cooling_epoch * temperature, floor)
    return steps


def ssa(
    network,
    batches,
    *,
    radius,
    directions,
    uniforms,
    masks,
    temperature,
    cooling_epoch=0.97,
    floor=1e-10,
    cooling_step=1.0,
    unit="share",
    drop_below=0.0,
    refresh=False,
    objective="cross_entropy",
):
    """Train without gradients: the better of two opposite moves, kept or undone by its loss.

    Step ``t`` tries ``radius * directions[t]`` (flat, in the order of `PARAMETERS`) forwards and
    backwards, in inference mode; of equal losses, and where one is no number, forwards is taken.
    ``drop_below``: after an epoch in which fewer than that share of the moves had a lower loss
    the radius is a tenth. ``refresh``: a training pass at the present weights moves the running
    statistics before the first loss; dropout stands behind the normalisation, so ``masks`` are
    never read. ``objective`` "error" judges by one minus accuracy. For the rest see `sgd_sa`.
    """
    _one_of(objective, ("cross_entropy", "error"))
    measure = network.loss if objective == "cross_entropy" else network.error
    steps = []
    for epoch in batches:
        improved = 0
        for inputs, targets in epoch:
            t = len(steps)
            weights, move = network.weights(), radius * directions[t]
            if refresh:
                network.move_statistics(inputs)
            l_old = measure(inputs, targets)
            network.set_weights(weights + move)
            l_plus = measure(inputs, targets)
            network.set_weights(weights - move)
            l_minus = measure(inputs, targets)
            backwards = l_minus < l_plus
            l_new = l_minus if backwards else l_plus
            network.set_weights(weights - move if backwards else weights + move)
            improved += l_new < l_old
            worse = l_new - l_old
            probability, accepted = _judge(worse, len(targets), temperature, uniforms[t], unit)
            if not accepted:
                network.set_weights(weights)
            record = _record(network, l_old, l_new, probability, accepted)
            steps.append({**record, "radius": radius, "temperature": temperature})
            temperature = _cool_step(temperature, cooling_step, floor)
        if improved / len(epoch) < drop_below:
            radius /= 10
        temperature = max(cooling_epoch * temperature, floor)
    return steps


def _judge(worse, items, temperature, uniform, unit):
    """Return the probability of keeping a move, and whether it is kept."""
    _one_of(unit, ("share", "mean"))
    # written so that a difference that is no number counts as not worse
    if not worse > 0:
        return 1.0, True
    worsening = worse / items if unit == "share" else worse
    probability = math.exp(-worsening / temperature)
    return probability, uniform < probability


def _cool_step(temperature, cooling_step, floor):
    """Return the temperature after a minibatch; a factor of 1 means that nothing happens."""
    return temperature if cooling_step == 1.0 else max(cooling_step * temperature, floor)


def _record(network, l_old, l_new, probability, accepted):
    return {
        "l_old": l_old,
        "l_new": l_new,
        "worse": l_new - l_old,
        "probability": probability,
        "accepted": accepted,
        "weights": network.weights(),
        "statistics": network.statistics(),
    }


def _one_of(word, allowed):
    if word not in allowed:
        raise ValueError(f"{word!r} is none of {allowed}")
