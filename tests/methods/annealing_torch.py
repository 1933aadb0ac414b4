"""Slow float64 reference of SGD-SA and SSA: any network of torch, one tensor at a time.

Written from the algorithms' descriptions alone, to be an oracle for the methods: plain loops,
Python floats for losses, temperatures and decisions, gradients by autograd, and no randomness of
its own. What a step draws is handed in, counted over all epochs from 0.

Both functions change ``model`` in place and return a record, a dict, of each step:

================  ==============================================================================
``l_old``         batch-mean loss before the move; NaN where none was computed
``l_new``         batch-mean loss after it, of the kept side in SSA; NaN where none was computed
``worse``         ``l_new - l_old``, whatever the unit of the temperature
``probability``   with which the move is kept: 1 unless it is worse
``accepted``      whether it was kept
``rate``          of this step, in SGD-SA; ``radius`` in SSA
``temperature``   that this step was judged at, in the unit asked for
``weights``       after the step, all parameters one after the other, as a NumPy array
``statistics``    after the step, mean and variance of one normalisation after the other
================  ==============================================================================
"""

import math

import torch
from torch import nn
from torch.nn.functional import cross_entropy

NORMALISATIONS = (nn.BatchNorm1d, nn.BatchNorm2d)


class MaskedDropout(nn.Module):
    """Dropout by factors that are set from outside, already scaled; identity in inference."""

    mask = None

    def forward(self, x):
        return x * self.mask if self.training else x


def sgd_sa(
    model,
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
) -> list[dict]:
    """Descend by a rate drawn from a set, and take the move back where annealing says so.

    ``batches`` is a list of epochs, each a list of (inputs, targets). Step t descends by
    ``rates[choices[t]]``, with the dropout factors ``masks[t]`` in each pass in training mode, and
    a worse move is taken back where ``uniforms[t]`` is no less than its probability.

    ``unit`` is what losses are compared with the temperature in: batch means ("mean"), or these
    divided once more by the number of items of the batch ("share"), as released.

    ``losses`` says which are compared. "inference", as released: running statistics and no
    dropout; l_old comes before the pass for the gradient, which moves the statistics, and l_new
    after it. "training", as printed: l_old is the loss of the pass for the gradient, l_new that
    of another with the same mask. The source does not say whether this other pass moves the
    running statistics. Here it does not, so that statistics move once a step in either case.

    Without ``accept`` every move is kept, and the pass for the gradient is the only one. With
    ``roll_back`` a move that is taken back also puts the running statistics back. Weights are put
    back as they were: the released code adds the step again, which differs by rounding alone.
    """
    records = []
    for epoch in batches:
        for inputs, targets in epoch:
            t = len(records)
            _set_mask(model, masks, t)
            rate = rates[choices[t]]
            weights, statistics = _copies(model.parameters()), _copies(model.buffers())

            l_old = l_new = math.nan
            if accept and losses == "inference":
                l_old = _inference_loss(model, inputs, targets, cross_entropy)
            loss, gradients = _gradients(model, inputs, targets)
            if losses == "training":
                l_old = loss
            for parameter, gradient in zip(model.parameters(), gradients, strict=True):
                parameter.data = parameter.data - rate * gradient
            if accept and losses == "inference":
                l_new = _inference_loss(model, inputs, targets, cross_entropy)
            if accept and losses == "training":
                moved = _copies(model.buffers())
                l_new = _training_loss(model, inputs, targets)
                _put_back(model.buffers(), moved)

            probability = _probability(l_old, l_new, _divisor(unit, targets), temperature)
            accepted = not accept or _keeps(probability, uniforms[t])
            if not accepted:
                _put_back(model.parameters(), weights)
                if roll_back:
                    _put_back(model.buffers(), statistics)
            records.append(
                {"l_old": l_old, "l_new": l_new, "worse": l_new - l_old}
                | {"probability": probability, "accepted": accepted}
                | {"rate": rate, "temperature": temperature}
                | {"weights": _flat_weights(model), "statistics": _flat_statistics(model)}
            )
            temperature = _cool(temperature, cooling_step, floor)
        temperature = _cool(temperature, cooling_epoch, floor)
    return records


def ssa(
    model,
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
    objective=cross_entropy,
) -> list[dict]:
    """Try a random move and its opposite, and keep the better one where annealing says so.

    ``directions[t]`` holds one tensor of standard normal numbers for each parameter, times
    ``radius`` the move of step t. ``batches``, ``uniforms`` and ``unit`` are as in `sgd_sa`. The
    move back is taken where its loss is lower: not where they are equal, nor where one is NaN.

    All losses are those of inference, so running statistics stay where they are. With ``refresh``
    a pass in training mode, with the dropout factors ``masks[t]``, moves them before each step.

    After an epoch in which a share of less than ``drop_below`` of the moves tried had a lower loss
    than the weights they started from, the radius is divided by 10. ``objective`` takes outputs
    and targets.
    """
    records = []
    for epoch in batches:
        improved = 0
        for inputs, targets in epoch:
            t = len(records)
            if refresh:
                _set_mask(model, masks, t)
                _training_loss(model, inputs, targets, objective)
            weights = _copies(model.parameters())

            l_old = _inference_loss(model, inputs, targets, objective)
            _place(model, weights, directions[t], radius)
            l_plus = _inference_loss(model, inputs, targets, objective)
            _place(model, weights, directions[t], -radius)
            l_minus = _inference_loss(model, inputs, targets, objective)
            l_new = l_minus if l_minus < l_plus else l_plus
            improved += l_new < l_old

            probability = _probability(l_old, l_new, _divisor(unit, targets), temperature)
            accepted = _keeps(probability, uniforms[t])
            if not accepted:
                _put_back(model.parameters(), weights)
            elif not l_minus < l_plus:
                _place(model, weights, directions[t], radius)
            records.append(
                {"l_old": l_old, "l_new": l_new, "worse": l_new - l_old}
                | {"probability": probability, "accepted": accepted}
                | {"radius": radius, "temperature": temperature}
                | {"weights": _flat_weights(model), "statistics": _flat_statistics(model)}
            )
            temperature = _cool(temperature, cooling_step, floor)
        temperature = _cool(temperature, cooling_epoch, floor)
        if improved / len(epoch) < drop_below:
            radius = radius / 10
    return records


def _probability(l_old, l_new, divisor, temperature):
    """Return exp(-worsening / T), or 1 where nothing is worse: a NaN never is."""
    old, new = l_old / divisor, l_new / divisor
    if new > old:
        return math.exp(-(new - old) / temperature)
    return 1.0


def _keeps(probability, uniform):
    """Return whether a move is kept; a uniform number is below 1, so what is not worse is."""
    return not uniform >= probability


def _divisor(unit, targets):
    """Return what a batch mean is divided by before it is compared with the temperature."""
    return {"share": len(targets), "mean": 1}[unit]


def _cool(temperature, factor, floor):
    """Return the next temperature; a factor of 1 means that nothing is cooled here."""
    return temperature if factor == 1.0 else max(factor * temperature, floor)


def _gradients(model, inputs, targets):
    """Return the loss in training mode and its gradient by each parameter."""
    model.train()
    loss = cross_entropy(model(inputs), targets)
    return float(loss.detach()), torch.autograd.grad(loss, list(model.parameters()))


def _training_loss(model, inputs, targets, objective=cross_entropy):
    """Return the loss in training mode; the pass moves running statistics."""
    model.train()
    with torch.no_grad():
        return float(objective(model(inputs), targets))


def _inference_loss(model, inputs, targets, objective):
    """Return the loss with running statistics and without dropout."""
    model.eval()
    with torch.no_grad():
        return float(objective(model(inputs), targets))


def _set_mask(model, masks, t):
    """Hand the dropout factors of step t to the network, if it has dropout."""
    for module in model.modules():
        if isinstance(module, MaskedDropout):
            module.mask = masks[t]


def _place(model, weights, direction, factor):
    """Set each parameter to its weights plus ``factor`` times its direction."""
    for parameter, old, along in zip(model.parameters(), weights, direction, strict=True):
        parameter.data = old + factor * along


def _copies(tensors):
    return [tensor.detach().clone() for tensor in tensors]


def _put_back(tensors, copies):
    for tensor, copy in zip(tensors, copies, strict=True):
        tensor.data = copy.clone()


def _flat_weights(model):
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()]).numpy()


def _flat_statistics(model):
    """Return running means and variances as they stand, a copy."""
    found = [torch.empty(0, dtype=torch.float64)]
    for module in model.modules():
        if isinstance(module, NORMALISATIONS):
            found += [module.running_mean, module.running_var]
    return torch.cat(found).numpy()
