"""Where the paper contradicts itself, with the places."""

from __future__ import annotations

#: The folder of the reference data.
SOURCE = "bosman2020-loss-surface-modality"

PrintedError = dict[str, str]


def printed_errors() -> list[PrintedError]:
    """Return what cannot be right in the paper's text together, whatever the runs were.

    All inline mathematics is lost in the copy of the text at hand: nothing that rests on a lost
    symbol is listed.

    Returns
    -------
    list of dict
        Keys "where", "check", "arithmetic" and "finding".
    """
    return [_four_units(), _walks(), _exploitable(), _depth_helps(), _separation()]


def _four_units() -> PrintedError:
    return {
        "where": "section IV-A1 (Figure 2c) and section IV-A2 (Figure 3)",
        "check": "attractors of 4 units in one layer",
        "arithmetic": "Figure 2c: three; Figure 3: exactly two, for each depth",
        "finding": "one network, two counts; no setting is given that would explain it",
    }


def _walks() -> PrintedError:
    networks = {width: 784 * width + width + 10 * width + 10 for width in (10, 100)}
    points = 10 * networks[100] * 1000
    return {
        "where": "section III-C",
        "check": "walks in proportion to the number of weights, on MNIST, on one node of 24 cores",
        "arithmetic": (
            f"ten for each weight (released code): {10 * networks[10]:,} walks with 10 units in "
            f"one layer, {10 * networks[100]:,} with 100, {points:,} points a micro setting"
        ),
        "finding": "too many for the hardware named, unless there were fewer walks on MNIST",
    }


def _exploitable() -> PrintedError:
    return {
        "where": "abstract and section V, against section IV-B (Figure 4)",
        "check": "more dimensions make the surface more exploitable",
        "arithmetic": (
            "abstract: any increase of the dimension; section IV-B: wider layers are harder to "
            "exploit with very small steps (B25 against B15)"
        ),
        "finding": "for width and micro steps the text says both",
    }


def _depth_helps() -> PrintedError:
    return {
        "where": "section V, against section IV-B (Figure 4)",
        "check": "depth improves searchability",
        "arithmetic": (
            "section V: depth improves it; section IV-B: depth without width lowers accuracies on "
            "training and on test images (B25 against B17)"
        ),
        "finding": "the measure that would let both hold is not defined",
    }


def _separation() -> PrintedError:
    return {
        "where": "section IV-B, against section V",
        "check": "depth and the two clusters of MNIST",
        "arithmetic": (
            "section IV-B: depth leaves the degree of separation as it is; section V: the shallow "
            "cluster disappears completely (B27 against B21)"
        ),
        "finding": "where one cluster is gone there is no separation to keep",
    }
