"""The slow references of SGD-SA and SSA: against differences, hand-computed cases and the paper."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

ALMOST_ONE = float(np.nextafter(1.0, 0.0))
INPUTS, UNITS, CLASSES, ITEMS = 3, 4, 3, 6


@pytest.fixture(scope="module")
def slow(load_module):
    return load_module(Path(__file__).parent / "annealing_numpy.py")


@pytest.fixture
def random():
    return np.random.default_rng(11)


def drawn_network(slow, random):
    shapes = ((UNITS, INPUTS), UNITS, UNITS, UNITS, (CLASSES, UNITS), CLASSES)
    parts = [random.normal(size=shape) for shape in shapes]
    return slow.TinyNetwork(*parts, random.normal(size=UNITS), random.uniform(0.5, 2, size=UNITS))


def drawn_batch(random, items=ITEMS):
    return random.normal(size=(items, INPUTS)), random.integers(CLASSES, size=items)


def drawn_mask(random):
    return 2.0 * random.integers(2, size=(ITEMS, UNITS))


def balanced(slow):
    """Return a network whose logits are ``b2``, and two items of different classes.

    Their mean loss is log 2 at b2 = 0 and log(2 cosh(b)) at b2 = (b, -b), the same on both sides.
    """
    network = slow.TinyNetwork([[1.0]], [0.0], [1.0], [0.0], [[0.0], [0.0]], [0.0, 0.0])
    return network, (np.array([[1.0], [3.0]]), np.array([0, 1]))


#: Along W1, b1, gamma, beta, W2 and b2 of the balanced network: its bias (b, -b) alone.
BIAS = np.array([0.0] * 6 + [1.0, -1.0])


# the network


@pytest.mark.parametrize("seed", range(3))
def test_gradient_agrees_with_central_differences(slow, seed):
    random = np.random.default_rng(seed)
    network = drawn_network(slow, random)
    inputs, targets = drawn_batch(random)
    mask, statistics = drawn_mask(random), network.statistics()
    weights, width = network.weights(), 1e-5
    loss, gradient = network.gradient(inputs, targets, mask)
    differences = np.empty_like(weights)
    for i in range(len(weights)):
        ends = []
        for sign in (1, -1):
            moved = weights.copy()
            moved[i] += sign * width
            network.set_weights(moved)
            ends.append(network.training_loss(inputs, targets, mask))
        differences[i] = (ends[0] - ends[1]) / (2 * width)
    network.set_weights(weights)
    np.testing.assert_allclose(gradient, differences, rtol=0, atol=1e-7)
    assert loss == network.training_loss(inputs, targets, mask)
    assert np.count_nonzero(np.abs(gradient) > 1e-3) > len(weights) / 2
    np.testing.assert_array_equal(network.statistics(), statistics)


def test_weights_are_flat_in_the_order_of_the_parameters(slow):
    network = slow.TinyNetwork(
        [[1, 2], [3, 4]], [5, 6], [7, 8], [9, 10], [[11, 12], [13, 14]], [15, 16]
    )
    np.testing.assert_array_equal(network.weights(), np.arange(1.0, 17.0))
    network.set_weights(np.arange(16.0))
    np.testing.assert_array_equal(network.W2, [[10, 11], [12, 13]])
    np.testing.assert_array_equal(network.statistics(), [0, 0, 1, 1])
    with pytest.raises(ValueError, match="17 numbers for 16 parameters"):
        network.set_weights(np.arange(17.0))


def hand_computed(slow):
    """Return a network of one hidden unit, which is 3 and 7 for its two items."""
    network = slow.TinyNetwork([[2.0]], [1.0], [2.0], [0.5], [[1.0], [-1.0]], [0.0, 0.25])
    return network, np.array([[1.0], [3.0]]), np.array([0, 1])


def test_running_statistics_of_a_hand_computed_case(slow):
    # mean 5, unbiased variance 8 (biased 4), a tenth of the way from mean 0 and variance 1
    network, inputs, _ = hand_computed(slow)
    network.move_statistics(inputs)
    np.testing.assert_allclose(network.statistics(), [0.5, 0.9 + 0.8], rtol=1e-15)
    network.move_statistics(inputs)
    np.testing.assert_allclose(network.statistics(), [0.45 + 0.5, 1.53 + 0.8], rtol=1e-15)
    with pytest.raises(ValueError, match="unbiased"):
        network.move_statistics(inputs[:1])


def test_training_mode_normalises_with_the_biased_variance(slow):
    # centred -2 and 2, over the root of 4: the first unit is cut by ReLU, the second is 2 r + 0.5
    network, inputs, targets = hand_computed(slow)
    second = (2 * 2 / math.sqrt(4 + 1e-5) + 0.5) * 3.0
    first_loss = math.log(1 + math.exp(0.25))
    second_loss = math.log(1 + math.exp(second - (-second + 0.25)))
    found = network.training_loss(inputs, targets, np.array([[3.0], [3.0]]))
    assert found == pytest.approx((first_loss + second_loss) / 2, rel=1e-14)


def test_inference_mode_reads_the_running_statistics(slow):
    network, inputs, targets = hand_computed(slow)
    network.set_statistics([4.0, 2.0])
    hidden = [max(0.0, 2 * (value - 4) / math.sqrt(2 + 1e-5) + 0.5) for value in (3.0, 7.0)]
    assert hidden[0] == 0.0
    np.testing.assert_allclose(
        network.infer(inputs), [[h, -h + 0.25] for h in hidden], rtol=1e-15, atol=0
    )
    losses = [math.log(1 + math.exp(0.25)), math.log(1 + math.exp(2 * hidden[1] - 0.25))]
    assert network.loss(inputs, targets) == pytest.approx(sum(losses) / 2, rel=1e-14)
    # the first item is taken for class 1, the second for class 0
    assert network.error(inputs, targets) == 1.0
    assert network.error(inputs, np.array([0, 0])) == 0.5


def test_cross_entropy_of_far_logits_is_finite(slow):
    found = slow.cross_entropy(np.array([[0.0, 1e4], [1e4, 0.0]]), np.array([0, 0]))
    assert found == 5e3


# SGD-SA


def one_step(slow, uniform, *, rate=-0.5, temperature=1.0, **options):
    """Return the network before, its only minibatch, the mask and the record of one step."""
    random = np.random.default_rng(5)
    network, batch, mask = drawn_network(slow, random), drawn_batch(random), drawn_mask(random)
    before = slow.TinyNetwork(
        *(getattr(network, name) for name in slow.PARAMETERS),
        network.running_mean,
        network.running_var,
    )
    (step,) = slow.sgd_sa(
        network,
        [[batch]],
        rates=(123.0, rate),
        choices=[1],
        uniforms=[uniform],
        masks=[mask],
        temperature=temperature,
        **options,
    )
    np.testing.assert_array_equal(step["weights"], network.weights())
    np.testing.assert_array_equal(step["statistics"], network.statistics())
    return before, batch, mask, step


@pytest.mark.parametrize("losses", ["inference", "training"])
def test_losses_are_those_of_the_named_mode(slow, losses):
    network, batch, mask, step = one_step(slow, 0.0, losses=losses)
    loss, gradient = network.gradient(*batch, mask)
    old = network.loss(*batch) if losses == "inference" else loss
    network.move_statistics(batch[0])
    network.set_weights(network.weights() + 0.5 * gradient)
    new = network.loss(*batch) if losses == "inference" else network.training_loss(*batch, mask)
    assert (step["l_old"], step["l_new"], step["worse"]) == (old, new, new - old)
    assert (step["rate"], step["temperature"], step["accepted"]) == (-0.5, 1.0, True)
    np.testing.assert_array_equal(step["weights"], network.weights())
    np.testing.assert_array_equal(step["statistics"], network.statistics())


@pytest.mark.parametrize("losses", ["inference", "training"])
@pytest.mark.parametrize(("unit", "divisor"), [("share", ITEMS), ("mean", 1)])
def test_worse_moves_are_kept_below_their_probability(slow, unit, divisor, losses):
    options = {"unit": unit, "losses": losses, "temperature": 0.3}
    probability = one_step(slow, 0.0, **options)[-1]["probability"]
    _, _, _, kept = one_step(slow, float(np.nextafter(probability, 0)), **options)
    network, batch, _, undone = one_step(slow, probability, **options)
    assert kept["worse"] > 0
    assert probability == pytest.approx(math.exp(-kept["worse"] / divisor / 0.3), rel=1e-14)
    assert (kept["accepted"], undone["accepted"]) == (True, False)
    np.testing.assert_array_equal(undone["weights"], network.weights())
    network.move_statistics(batch[0])
    np.testing.assert_array_equal(undone["statistics"], network.statistics())
    assert np.abs(kept["weights"] - undone["weights"]).max() > 0.01


def test_only_an_undone_move_takes_the_statistics_back(slow):
    network, _, _, undone = one_step(slow, ALMOST_ONE, roll_back=True)
    np.testing.assert_array_equal(undone["statistics"], network.statistics())
    network, batch, _, kept = one_step(slow, 0.0, roll_back=True)
    network.move_statistics(batch[0])
    np.testing.assert_array_equal(kept["statistics"], network.statistics())


def test_better_moves_are_always_kept(slow):
    _, _, _, step = one_step(slow, ALMOST_ONE, rate=0.05, temperature=1e-9, losses="training")
    assert step["worse"] < 0
    assert (step["accepted"], step["probability"]) == (True, 1.0)


def test_the_least_worsening_is_undone_when_it_is_cold(slow):
    _, _, _, step = one_step(slow, 0.0, rate=-1e-9, temperature=1e-14, losses="training")
    assert 0 < step["worse"] < 1e-7
    assert (step["accepted"], step["probability"]) == (False, 0.0)


def test_equal_losses_are_kept(slow):
    _, _, _, step = one_step(slow, ALMOST_ONE, rate=0.0, temperature=1e-9, losses="training")
    assert step["worse"] == 0
    assert step["accepted"]


def test_a_loss_that_is_no_number_counts_as_not_worse(slow):
    with np.errstate(all="ignore"):
        _, _, _, step = one_step(slow, ALMOST_ONE, rate=math.inf)
    assert math.isnan(step["l_new"])
    assert (step["accepted"], step["probability"]) == (True, 1.0)
    assert not np.isfinite(step["weights"]).all()


def test_without_acceptance_every_move_is_kept(slow):
    network, batch, mask, step = one_step(slow, ALMOST_ONE, temperature=1e-9, accept=False)
    loss, gradient = network.gradient(*batch, mask)
    assert step["l_old"] == loss
    assert math.isnan(step["l_new"])
    assert (step["accepted"], step["probability"]) == (True, 1.0)
    np.testing.assert_array_equal(step["weights"], network.weights() + 0.5 * gradient)


def test_unknown_words_are_refused(slow):
    for options in ({"unit": "sum"}, {"losses": "both"}):
        with pytest.raises(ValueError, match="is none of"):
            one_step(slow, 0.0, **options)


def test_steps_count_over_epochs_and_chain(slow, random):
    network = drawn_network(slow, random)
    batches = [[drawn_batch(random), drawn_batch(random)] for _ in range(2)]
    masks = [drawn_mask(random) for _ in range(4)]
    start = network.weights()
    steps = slow.sgd_sa(
        network,
        batches,
        rates=(0.1, 0.2, 0.4, 0.8),
        choices=[2, 0, 3, 1],
        uniforms=[0.0] * 4,
        masks=masks,
        temperature=1e9,
        losses="training",
    )
    assert [step["rate"] for step in steps] == [0.4, 0.1, 0.8, 0.2]
    for step, batch, mask in zip(steps, batches[0] + batches[1], masks, strict=True):
        network.set_weights(start)
        loss, gradient = network.gradient(*batch, mask)
        assert step["l_old"] == loss
        start = start - step["rate"] * gradient
        np.testing.assert_array_equal(step["weights"], start)


@pytest.mark.parametrize("method", ["sgd_sa", "ssa"])
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"cooling_epoch": 0.5}, [1, 1, 0.5, 0.5, 0.25, 0.25]),
        ({"cooling_epoch": 0.5, "floor": 0.3}, [1, 1, 0.5, 0.5, 0.3, 0.3]),
        ({"cooling_epoch": 1.0, "cooling_step": 0.5}, [2.0**-t for t in range(6)]),
        (
            {"cooling_epoch": 0.5, "cooling_step": 0.5, "floor": 0.2},
            [1, 0.5, 0.2, 0.2, 0.2, 0.2],
        ),
    ],
)
def test_temperatures_fall_by_step_and_epoch(slow, method, options, expected):
    network, batch = balanced(slow)
    randomness = {"uniforms": [0.0] * 6, "masks": [np.ones((2, 1))] * 6, "temperature": 1.0}
    if method == "sgd_sa":
        steps = slow.sgd_sa(
            network, [[batch] * 2] * 3, rates=(0.1,), choices=[0] * 6, **randomness, **options
        )
    else:
        directions = [BIAS] * 6
        steps = slow.ssa(
            network, [[batch] * 2] * 3, radius=0.1, directions=directions, **randomness, **options
        )
    assert [step["temperature"] for step in steps] == pytest.approx(expected, rel=1e-14)


def in_mean_losses(step):
    """Return the temperature in the unit of the mean loss, from what it did to a worse move."""
    assert step["worse"] > 0
    return -step["worse"] / math.log(step["probability"])


def test_temperatures_of_sgd_sa_in_units_of_the_mean_loss(slow):
    """With 512 items, as computed from the released code's unit, start and cooling."""
    random = np.random.default_rng(3)
    network = drawn_network(slow, random)
    # up the slope at a small rate, and always undone: every move is a little worse
    steps = slow.sgd_sa(
        network,
        [[drawn_batch(random, items=512)]] * 61,
        rates=(-1e-3,),
        choices=[0] * 61,
        uniforms=[ALMOST_ONE] * 61,
        masks=[np.ones((512, UNITS))] * 61,
        temperature=1.0,
        losses="training",
    )
    assert not any(step["accepted"] for step in steps)
    found = [in_mean_losses(steps[epochs]) for epochs in (10, 20, 30, 40, 60)]
    assert found == pytest.approx([55, 5.9, 0.63, 0.068, 7.9e-4], rel=0.01)


def test_temperature_of_ssa_in_units_of_the_mean_loss(slow):
    network, (inputs, targets) = balanced(slow)
    batch = (np.tile(inputs, (256, 1)), np.tile(targets, 256))
    steps = slow.ssa(
        network,
        [[batch]] * 101,
        radius=1.0,
        directions=[BIAS] * 101,
        uniforms=[ALMOST_ONE] * 101,
        masks=[None] * 101,
        temperature=1.0,
    )
    assert in_mean_losses(steps[100]) == pytest.approx(24, rel=0.02)


# SSA


def ssa_steps(slow, network, batches, directions, **options):
    count = len(directions)
    settings = {"radius": 0.1, "uniforms": [0.0] * count, "temperature": 1.0, **options}
    return slow.ssa(network, batches, directions=directions, masks=[None] * count, **settings)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_better_side_is_taken_by_inference_losses(slow, random, sign):
    network, batch = drawn_network(slow, random), drawn_batch(random)
    start, statistics, old = network.weights(), network.statistics(), network.loss(*batch)
    direction = random.normal(size=len(start))
    ends = []
    for side in (0.1, -0.1):
        network.set_weights(start + side * direction)
        ends.append(network.loss(*batch))
    network.set_weights(start)
    assert ends[0] != ends[1]
    (step,) = ssa_steps(slow, network, [[batch]], [sign * direction])
    better = start + (0.1 if ends[0] < ends[1] else -0.1) * direction
    assert (step["l_old"], step["l_new"]) == (old, min(ends))
    assert step["worse"] == min(ends) - old
    assert step["radius"] == 0.1
    np.testing.assert_array_equal(step["weights"], better)
    np.testing.assert_array_equal(network.weights(), better)
    np.testing.assert_array_equal(step["statistics"], statistics)


def test_of_equal_sides_the_plus_is_taken(slow):
    network, batch = balanced(slow)
    (step,) = ssa_steps(slow, network, [[batch]], [BIAS])
    np.testing.assert_array_equal(network.b2, [0.1, -0.1])
    assert step["l_new"] == pytest.approx(math.log(2 * math.cosh(0.1)), rel=1e-14)


@pytest.mark.parametrize(("unit", "items"), [("share", 2), ("mean", 1)])
def test_ssa_undoes_a_worse_move_at_its_probability(slow, unit, items):
    expected = math.cosh(1.0) ** (-1 / items / 0.5)
    settings = {"radius": 1.0, "temperature": 0.5, "unit": unit}
    for uniform, accepted in ((expected - 1e-9, True), (expected + 1e-9, False)):
        network, batch = balanced(slow)
        (step,) = ssa_steps(slow, network, [[batch]], [BIAS], uniforms=[uniform], **settings)
        assert step["probability"] == pytest.approx(expected, rel=1e-13)
        assert step["accepted"] == accepted
        np.testing.assert_array_equal(network.b2, [1.0, -1.0] if accepted else [0.0, 0.0])


@pytest.mark.parametrize(
    ("improving", "radii"),
    [
        # three of five moves improve: not fewer than 60 percent
        ((1, 1, 0, 1, 0), [1.0, 1.0]),
        ((1, 0, 0, 1, 0), [1.0, 0.1]),
    ],
)
def test_the_radius_drops_after_an_epoch_of_few_improvements(slow, improving, radii):
    network, (inputs, _) = balanced(slow)
    # with one class, a move along the bias is always better on one side; no move is a tie
    batch = (inputs, np.array([0, 0]))
    directions = [moves * BIAS for moves in improving] * 2
    steps = ssa_steps(slow, network, [[batch] * 5] * 2, directions, radius=1.0, drop_below=0.6)
    assert all(step["accepted"] for step in steps)
    assert [step["radius"] for step in steps] == pytest.approx([radii[0]] * 5 + [radii[1]] * 5)
    moved = sum(improving) * sum(radii)
    np.testing.assert_allclose(network.b2, [moved, -moved], rtol=1e-14)


def test_improvements_of_earlier_epochs_do_not_count(slow):
    network, (inputs, _) = balanced(slow)
    batch = (inputs, np.array([0, 0]))
    directions = [BIAS, BIAS, 0 * BIAS, 0 * BIAS, BIAS, BIAS, BIAS]
    epochs = [[batch] * 2, [batch] * 2, [batch] * 2, [batch]]
    steps = ssa_steps(slow, network, epochs, directions, radius=1.0, drop_below=0.6)
    # only the second epoch has too few
    assert [step["radius"] for step in steps] == pytest.approx([1.0] * 4 + [0.1] * 3)


def test_worse_moves_that_are_kept_do_not_count_as_improvements(slow):
    network, batch = balanced(slow)
    steps = ssa_steps(
        slow, network, [[batch], [batch]], [BIAS, BIAS], radius=1.0, temperature=1e9, drop_below=0.6
    )
    assert steps[0]["worse"] > 0
    assert steps[0]["accepted"]
    assert steps[1]["radius"] == pytest.approx(0.1)


def test_without_a_drop_rule_the_radius_stays(slow):
    network, batch = balanced(slow)
    steps = ssa_steps(slow, network, [[batch]] * 3, [0 * BIAS] * 3)
    assert [step["radius"] for step in steps] == [0.1] * 3


def test_refreshed_statistics_move_before_the_first_loss(slow, random):
    network, batch = drawn_network(slow, random), drawn_batch(random)
    weights, stale = network.weights(), network.loss(*batch)
    direction = random.normal(size=len(weights))
    uniforms = [ALMOST_ONE]
    (step,) = ssa_steps(slow, network, [[batch]], [direction], uniforms=uniforms, refresh=True)
    mean = (batch[0] @ weights[: UNITS * INPUTS].reshape(UNITS, INPUTS).T).mean(axis=0)
    mean += weights[UNITS * INPUTS :][:UNITS]
    repeat = drawn_network(slow, np.random.default_rng(11))
    np.testing.assert_allclose(
        step["statistics"][:UNITS], 0.9 * repeat.running_mean + 0.1 * mean, rtol=1e-12
    )
    repeat.move_statistics(batch[0])
    np.testing.assert_array_equal(step["statistics"], repeat.statistics())
    assert step["l_old"] == repeat.loss(*batch) != stale


def test_error_may_stand_in_the_place_of_cross_entropy(slow):
    network, (inputs, _) = balanced(slow)
    batch = (np.tile(inputs, (2, 1)), np.array([1, 1, 1, 0]))
    network.b2 = np.array([0.05, -0.05])
    options = {"objective": "error", "uniforms": [ALMOST_ONE] * 2}
    steps = ssa_steps(slow, network, [[batch] * 2], [BIAS, BIAS], **options)
    # all are taken for class 0, then for class 1: plus 0.1 stays wrong, minus 0.1 is better
    assert (steps[0]["l_old"], steps[0]["l_new"]) == (0.75, 0.25)
    # plus 0.1 would be all class 0 again, minus 0.1 changes nothing
    assert (steps[1]["l_old"], steps[1]["l_new"]) == (0.25, 0.25)
    np.testing.assert_allclose(network.b2, [-0.15, 0.15], rtol=1e-14)
    with pytest.raises(ValueError, match="is none of"):
        ssa_steps(slow, network, [[batch]], [BIAS], objective="accuracy")
