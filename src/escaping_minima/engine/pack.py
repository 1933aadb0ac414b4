"""Several runs in one process: each is advanced in turn, on a stream of its own on a GPU.

On a GPU one run at a small batch leaves most of the card idle, and several processes gain nothing;
runs that are queued on streams of their own by one thread overlap. A block's numbers are the same
alone and beside others: no tensor and no stream is shared but the data, and a stream belongs to a
run from its construction to its end.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass

import torch

from escaping_minima.engine.numerics import settle
from escaping_minima.engine.run import Run
from escaping_minima.engine.session import Session, Stopped
from escaping_minima.engine.training import train

#: A CPU has one "stream", so that one code path serves both.
Stream = torch.cuda.Stream | None


@dataclass(frozen=True)
class Start:
    """A run that waits for its turn.

    Attributes
    ----------
    key : str
        Names its state in the session.
    make : callable
        Builds the run at its start, on the current stream.
    """

    key: str
    make: Callable[[], Run]


@dataclass
class _Active:
    key: str
    run: Run
    steps: Iterator[bool]
    stream: Stream
    is_whole: bool = False


def make_streams(device: torch.device, count: int) -> list[Stream]:
    """Return so many streams of a GPU, one "stream" of a CPU.

    They are made once for a pack and handed on from run to run: torch has 32 and gives them out in
    turn, so a new one for each run would some day be one that a live run has.
    """
    if device.type != "cuda":
        return [None]
    # what is shared by the runs must be there before any of them starts
    torch.cuda.synchronize(device)
    return [torch.cuda.Stream(device) for _ in range(count)]  # type: ignore[no-untyped-call]


def run_pack(
    starts: Sequence[Start], streams: Sequence[Stream], session: Session
) -> Iterator[tuple[str, Run]]:
    """Run blocks side by side, one a stream; the next takes a stream that is free.

    Parameters
    ----------
    starts : sequence of Start
        The longest first: the last run has the card for itself.
    streams : sequence
        Of `make_streams`.
    session : Session

    Yields
    ------
    (str, Run)
        The key and the run of each that has ended, diverged ones too.

    Raises
    ------
    Stopped
        If the session said so; all runs have saved their states.
    """
    settle()
    pack = _Pack(deque(starts), list(streams), session)
    while pack.goes_on():
        # taken out one by one, so that nothing here holds a run that has ended
        ended = pack.turn()
        while ended:
            yield ended.pop(0)
    if pack.put_aside:
        raise Stopped


class _Pack:
    """The runs that wait, that run and that were put aside."""

    def __init__(self, waiting: deque[Start], free: list[Stream], session: Session) -> None:
        self._waiting = waiting
        self._free = free
        self._active: list[_Active] = []
        self._session = session
        self._stop = False
        self._failure: Exception | None = None
        self.put_aside = False

    def goes_on(self) -> bool:
        """Ask whether to stop, and say whether there is anything left to do.

        Once asked to stop, a pack stops: a limit of time may look less near when a state is saved
        faster than the one before.
        """
        if self._failure is not None:
            raise self._failure
        self._stop = self._stop or self._session.should_stop()
        if self._stop and self._waiting:
            self.put_aside = True
            self._waiting.clear()
        return bool(self._waiting or self._active)

    def turn(self) -> list[tuple[str, Run]]:
        """Start what a stream is free for, give each run its turn; return those that ended."""
        ended = []
        try:
            while self._waiting and self._free:
                self._begin(self._waiting.popleft(), self._free.pop())
            for one in list(self._active):
                if self._advance(one):
                    ended.append((one.key, one.run))
        except Exception as error:
            self._save_what_is_whole()
            # what has ended is handed out first
            self._failure = error
        return ended

    def _begin(self, start: Start, stream: Stream) -> None:
        began = time.monotonic()
        with torch.no_grad(), _on(stream):
            run = start.make()
            state = self._session.load(start.key)
            if state is not None:
                run.restore(state)
        run.at.seconds += time.monotonic() - began
        self._active.append(_Active(start.key, run, train(run), stream))

    def _advance(self, one: _Active) -> bool:
        """Give a run its turn; return whether it has ended."""
        one.is_whole, began = False, time.monotonic()
        # set around every turn and held across none: they belong to the thread, not to the run
        with torch.no_grad(), _on(one.stream):
            whole = next(one.steps, None)
            if whole is None:
                one.run.conclude()
        # each turn counts as what the run would have had of the device
        one.run.at.seconds += (time.monotonic() - began) / len(self._active)
        for name, tensors in one.run.take_kept().items():
            self._session.keep_state(one.key, name, tensors)
        if whole is None:
            self._leave(one)
            return True
        one.is_whole = whole
        if whole and (self._stop or self._session.is_due(one.key)):
            _save(one, self._session)
        if whole and self._stop:
            self.put_aside = True
            self._leave(one)
            one.run.close()
        return False

    def _leave(self, one: _Active) -> None:
        self._active.remove(one)
        self._free.append(one.stream)

    def _save_what_is_whole(self) -> None:
        """Save what can be saved, so that the failure of one run costs the others nothing."""
        for one in self._active:
            # of a run that failed or waits for numbers the last state stands
            if one.is_whole:
                with suppress(Exception):
                    _save(one, self._session)


def _save(one: _Active, session: Session) -> None:
    with torch.no_grad(), _on(one.stream):
        session.save(one.key, one.run.pack())


def _on(stream: Stream) -> AbstractContextManager[object]:
    return nullcontext() if stream is None else torch.cuda.stream(stream)
