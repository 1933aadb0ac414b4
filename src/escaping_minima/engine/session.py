"""What a kernel may ask of its surroundings; nothing of it touches a number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Stopped(Exception):  # noqa: N818 - a request obeyed, not an error
    """A kernel was asked to stop; what it was running has saved its state."""


class Session(Protocol):
    """Keeps states, and says when to stop. A key names what runs: a block, or several together."""

    def should_stop(self) -> bool:
        """Whether to save and raise `Stopped`; asked before each update or page of steps."""

    def is_due(self, key: str) -> bool:
        """Whether it is time to save the state of ``key`` again."""

    def save(self, key: str, state: Mapping[str, Any]) -> None:
        """Keep a state: tensors, numbers, texts, and lists and dicts of them."""

    def load(self, key: str) -> dict[str, Any] | None:
        """Return the newest state of ``key`` that can be used, None where there is none."""

    def keep_piece(self, key: str, name: str, piece: int, table: Mapping[str, Any]) -> None:
        """Keep columns of equal length as a piece of a further table.

        A piece that is kept again under its number takes the place of the first, so that a resumed
        run repeats what it had not saved.
        """

    def keep_state(self, key: str, name: str, tensors: Mapping[str, Any]) -> None:
        """Keep tensors beside a block for other cells to read."""


class NoSession:
    """Keeps states, pieces and tables in memory, and never stops.

    Attributes
    ----------
    pieces : dict
        By key, name and number.
    states : dict
        By key and name.
    """

    def __init__(self) -> None:
        self.pieces: dict[tuple[str, str, int], Mapping[str, Any]] = {}
        self.states: dict[tuple[str, str], Mapping[str, Any]] = {}

    def should_stop(self) -> bool:
        """See `Session.should_stop`."""
        return False

    def is_due(self, key: str) -> bool:
        """See `Session.is_due`."""
        return False

    def save(self, key: str, state: Mapping[str, Any]) -> None:
        """See `Session.save`."""

    def load(self, key: str) -> dict[str, Any] | None:
        """See `Session.load`."""
        return None

    def keep_piece(self, key: str, name: str, piece: int, table: Mapping[str, Any]) -> None:
        """See `Session.keep_piece`."""
        self.pieces[key, name, piece] = table

    def keep_state(self, key: str, name: str, tensors: Mapping[str, Any]) -> None:
        """See `Session.keep_state`."""
        self.states[key, name] = tensors
