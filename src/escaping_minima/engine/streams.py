"""Named randomness: every draw belongs to (problem, block, purpose, index), not to a sequence.

Methods that are compared share starts and noise because their names do not enter the key, and a
resumed run needs no generator state because the index (a page of steps, an epoch) names the draw.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Steps whose noise is drawn in one call for small problems; part of what names a draw.
PAGE = 100


@dataclass(frozen=True)
class Streams:
    """The streams of one block of one problem.

    Attributes
    ----------
    problem : str
        Name of the problem.
    block : int
        Index of the block.
    """

    problem: str
    block: int

    def generator(self, purpose: str, index: int) -> np.random.Generator:
        """Return the generator of one named stream, always from its beginning.

        Parameters
        ----------
        purpose : str
            What is drawn, for example "start" or "ball".
        index : int
            Page of steps, or epoch.

        References
        ----------
        Philox-4x64 (Salmon et al. 2011) keyed with SHA-256 of the names.
        """
        name = json.dumps([self.problem, self.block, purpose, index], separators=(",", ":"))
        key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:16], "little")
        return np.random.Generator(np.random.Philox(key=key))

    def ball_page(self, page: int, replicates: int, dimension: int) -> NDArray[np.float64]:
        """Draw the unit-ball noise of PAGE steps.

        Returns
        -------
        ndarray of shape (PAGE, dimension, replicates), float64
            Column ``[t, :, i]`` is uniform in the unit ball: a Gaussian direction times U^(1/d).
        """
        rng = self.generator("ball", page)
        direction = rng.standard_normal((PAGE, dimension, replicates))
        direction /= np.sqrt(np.square(direction).sum(axis=1, keepdims=True))
        direction *= rng.random((PAGE, 1, replicates)) ** (1.0 / dimension)
        return direction
