"""The one exception that a user is meant to see."""

from __future__ import annotations


class UserError(Exception):
    """Something the user can mend; shown as one line, without a traceback.

    The message names the key or file, what was found, what is allowed and what to do.

    Parameters
    ----------
    message : str
        One line.
    exit_code : int
        1 for a state of the world (disk, lock, corrupt file), 2 for a wrong request.
    """

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(" ".join(message.split()))
        self.exit_code = exit_code
