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
from contextlib import AbstractContextManager, nullcontext
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
    waiting, free, active = deque(starts), list(streams), list[_Active]()
    put_aside = False
    while waiting or active:
        stop = session.should_stop()
        if stop and not active:
            raise Stopped
        while waiting and free and not stop:
            active.append(_begin(waiting.popleft(), free.pop(), session))
        for one in list(active):
            try:
                ended = _advance(one, stop, len(active), session)
            except Exception:
                _save_others(one, active, session)
                raise
            if ended is not None:
                active.remove(one)
                free.append(one.stream)
                put_aside = put_aside or not ended
            if ended:
                yield one.key, one.run
    if put_aside:
        raise Stopped


def _begin(start: Start, stream: Stream, session: Session) -> _Active:
    began = time.monotonic()
    with torch.no_grad(), _on(stream):
        run = start.make()
        state = session.load(start.key)
        if state is not None:
            run.restore(state)
    run.at.seconds += time.monotonic() - began
    return _Active(start.key, run, train(run), stream)


def _advance(one: _Active, stop: bool, beside: int, session: Session) -> bool | None:
    """Give a run its turn: None if it goes on, True if it has ended, False if it was put aside."""
    began = time.monotonic()
    # set around every turn and held across none: they belong to the thread, not to the run
    with torch.no_grad(), _on(one.stream):
        whole = next(one.steps, None)
    # each turn counts as what the run would have had of the device
    one.run.at.seconds += (time.monotonic() - began) / beside
    for name, tensors in one.run.take_kept().items():
        session.keep_state(one.key, name, tensors)
    if whole is None:
        return True
    one.is_whole = whole
    if whole and (stop or session.is_due(one.key)):
        _save(one, session)
    return False if whole and stop else None


def _save(one: _Active, session: Session) -> None:
    with torch.no_grad(), _on(one.stream):
        session.save(one.key, one.run.pack())


def _save_others(failed: _Active, active: Sequence[_Active], session: Session) -> None:
    """Save what can be saved, so that the failure of one run costs the others nothing."""
    for one in active:
        # of a run that waits for numbers the last state stands
        if one is not failed and one.is_whole:
            _save(one, session)


def _on(stream: Stream) -> AbstractContextManager[object]:
    return nullcontext() if stream is None else torch.cuda.stream(stream)
