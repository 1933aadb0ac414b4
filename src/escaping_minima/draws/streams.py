"""Named randomness: every draw belongs to (problem, block, purpose, index), not to a sequence.

Methods that are compared share starts and noise because their names do not enter the key, and a
resumed run needs no generator state because the index (a page of steps, an epoch) names the draw.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np

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
    seeds : tuple of (str, int)
        Purposes, by their first word, whose draws are those of another block, with its index.
    """

    problem: str
    block: int
    seeds: tuple[tuple[str, int], ...] = ()

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
        key = int.from_bytes(self._digest(purpose, index)[:16], "little")
        return np.random.Generator(np.random.Philox(key=key))

    def seed(self, purpose: str, index: int) -> int:
        """Return the seed of one named stream for a generator of torch: below 2^63."""
        return int.from_bytes(self._digest(purpose, index)[:8], "little") >> 1

    def _digest(self, purpose: str, index: int) -> bytes:
        # "dropout 3" is a purpose of its own within "dropout"
        block = dict(self.seeds).get(purpose.split(" ")[0], self.block)
        name = json.dumps([self.problem, block, purpose, index], separators=(",", ":"))
        return hashlib.sha256(name.encode()).digest()
