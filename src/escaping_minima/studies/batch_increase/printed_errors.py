"""Errors in the paper's own text, each with its arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from escaping_minima.studies.batch_increase.printed import load_printed

PrintedError = dict[str, str]


def printed_errors(source: str) -> list[PrintedError]:
    """Return what cannot be right in the text, whatever the runs were.

    Parameters
    ----------
    source : str
        A folder of the reference data, which holds the printed settings.

    Returns
    -------
    list of dict
        Keys "where", "check", "arithmetic" and "finding".
    """
    found = load_printed(source)
    printed = found.settings
    return [
        _loss_of_an_image(),
        _variance_as_distribution(),
        _mean_of_the_deviation(),
        _without_replacement(int(printed["train_samples"]), _largest_size(printed)),
        _two_horizons(int(printed["epochs_curves_T"]), found.epochs, found.overfitting),
        _threshold(),
        _citation(),
    ]


def _error(where: str, check: str, arithmetic: str, finding: str) -> PrintedError:
    return {"where": where, "check": check, "arithmetic": arithmetic, "finding": finding}


def _largest_size(printed: Mapping[str, str]) -> int:
    return max(int(printed[name]) for name in ("N2_condition1", "N2_condition2"))


def _loss_of_an_image() -> PrintedError:
    return _error(
        "Sections 4.1 and 4.2",
        "the loss of one sample, and the variance of a mean of them",
        "E_N = (1/N) Σ E⁽ⁿ⁾(θ) has the variance σ² / N if each E⁽ⁿ⁾ is a function of θ and of one "
        "sample; in training, batch normalisation (Table 1) makes it E⁽ⁿ⁾(θ, batch), and dropout "
        "adds a draw",
        "equations 4.1 to 4.5 hold in inference mode; for the losses that training sees they are "
        "an approximation, which is measured here",
    )


def _variance_as_distribution() -> PrintedError:
    return _error(
        "Section 4.2",
        "what is normally distributed",
        "Var(E_t) = σ² / N at fixed weights is one number; the central limit theorem is about "
        "E_t − μ_t, which tends to N(0, σ² / N)",
        "a variance is said to follow a normal distribution; the deviation is what does",
    )


def _mean_of_the_deviation() -> PrintedError:
    return _error(
        "Section 4.2",
        "the mean of E_t − μ_t",
        "E[E_t − μ_t] = E[E_t] − μ_t = μ_t − μ_t = 0",
        "the difference is given the mean μ_t; it is 0",
    )


def _without_replacement(images: int, size: int) -> PrintedError:
    factor = Fraction(images - size, images - 1)
    return _error(
        "Section 4.2 and Algorithm 2",
        "independent batches",
        f"without replacement Var(E_t) = σ² / N · (M − N) / (M − 1); for M = {images:,} and "
        f"N = {size} the factor is {images - size:,} / {images - 1:,} = {float(factor):.4f}",
        "the theory draws batches independently, the algorithm goes through a shuffled set; the "
        f"variance is off by {100 * float(1 - factor):.2f} percent at most, so nothing hangs on it",
    )


def _two_horizons(long: int, short: int, start: int) -> PrintedError:
    return _error(
        "Sections 4.4 and 4.5",
        "whether the linear increase overfits, and when runs have converged",
        f"section 4.4: no overfitting in {long:,} epochs, which suffice; section 4.5: overfitting "
        f"from about epoch {start:,} of {short:,}, convergence before {short:,}",
        "the two sections cannot both describe the linear increase",
    )


def _threshold() -> PrintedError:
    return _error(
        "Section 4.5 and the caption of Figure 12",
        "the threshold of the loss",
        "E₁ lies in (0, 1) and is a share of the range of losses: the threshold is "
        "E_min + E₁ (E_max − E_min), which is E₁ only if E_min = 0 and E_max = 1",
        "E < E₁, and E > 0.1 in the text, stand for E < E_min + E₁ (E_max − E_min) and E₁ > 0.1",
    )


def _citation() -> PrintedError:
    return _error(
        "Section 3.1",
        "the equation that is cited",
        "the update rule without noise is equation 1.1",
        "equation 2.1 is cited in its place",
    )
