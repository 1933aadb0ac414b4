"""One file over HTTP into a partial file, with resume and retries."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import cast

import requests
import urllib3
from urllib3.exceptions import ProtocolError

from escaping_minima.data.cache import PartFile
from escaping_minima.data.markup import is_markup
from escaping_minima.data.progress import Progress
from escaping_minima.data.route import check_route, explain_proxy, proxy_host
from escaping_minima.data.sources import host
from escaping_minima.data.trouble import UnavailableError

_PIECE = 1 << 16
_OK, _PARTIAL, _RANGE_NOT_SATISFIABLE = 200, 206, 416
# Answers that may be others in a while.
_PASSING = frozenset({429, 500, 502, 503, 504})
# More digits than that are no length of a file, and more than Python cares to read.
_DIGITS = 18
_RANGE = re.compile(rf"bytes (\d{{1,{_DIGITS}}})-\d+/(\d{{1,{_DIGITS}}}|\*)")


@dataclass(frozen=True)
class Patience:
    """How long to wait for a host.

    Attributes
    ----------
    connect, read : float
        Seconds until a connection stands, and between two pieces of data.
    window, least : float, int
        A transfer that brings fewer than ``least`` bytes in ``window`` seconds has stalled.
    attempts, most : int
        How often a transfer is tried without bringing ``least`` bytes, and how often in all.
    first_wait, longest_wait : float
        Seconds before the second attempt, doubled for each one after, and their bound; it also
        bounds what a host asks for.
    sleep : callable
        Waits.
    """

    connect: float = 10.0
    read: float = 20.0
    window: float = 60.0
    least: int = 1 << 18
    attempts: int = 3
    most: int = 100
    first_wait: float = 1.0
    longest_wait: float = 60.0
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Wanted:
    """The file that is asked for.

    Attributes
    ----------
    name : str
        Its official name.
    bytes : int
        Its official size.
    limit : int
        Refuse a file of more bytes.
    """

    name: str
    bytes: int
    limit: int


class _PassingError(Exception):
    """A failure that another attempt may not meet.

    Parameters
    ----------
    reason : str
        Why, in a few words.
    wait : float, optional
        The seconds that the host asks for.
    host_is_down, may_be_whole : bool
        See `UnavailableError`.
    """

    def __init__(
        self,
        reason: str,
        wait: float | None = None,
        host_is_down: bool = False,
        may_be_whole: bool = False,
    ) -> None:
        super().__init__(reason)
        self.wait = wait
        self.host_is_down = host_is_down
        self.may_be_whole = may_be_whole


def download(url: str, part: Path, wanted: Wanted, patience: Patience, progress: Progress) -> None:
    """Bring a file into ``part``, going on from what is there.

    Parameters
    ----------
    url : str
        Its address.
    part : Path
        The partial file; after a failure it holds what has come, for the next time.
    wanted : Wanted
    patience : Patience
    progress : Progress
        Told how far it is, and what is waited for.

    Raises
    ------
    UnavailableError
        If the host does not give the file.
    UserError
        If ``part`` cannot be written; it is removed. If the environment names a proxy or
        certificates that cannot be used.
    """
    furthest, idle, tried = _size(part), 0, 0
    while True:
        try:
            return _attempt(url, part, wanted, patience, progress)
        except _PassingError as error:
            # a slow host that cuts every connection is borne as long as it brings something
            tried += 1
            idle = 1 if _size(part) - furthest >= patience.least else idle + 1
            furthest = max(furthest, _size(part))
            if idle >= patience.attempts or tried >= patience.most:
                raise _give_up(error, idle if idle >= patience.attempts else tried) from None
            seconds = _wait(error, idle, patience)
            progress.say(f"{wanted.name}: {host(url)} {error}; asking again in {seconds:.0f} s")
            patience.sleep(seconds)


def _give_up(error: _PassingError, times: int) -> UnavailableError:
    reason = f"{error}, {times} times" if times > 1 else str(error)
    return UnavailableError(reason, error.host_is_down, error.may_be_whole)


def _wait(error: _PassingError, failures: int, patience: Patience) -> float:
    doubled = patience.first_wait * 2.0 ** (failures - 1)
    asked = doubled if error.wait is None else error.wait
    return min(max(asked, 0.0), patience.longest_wait)


def _attempt(url: str, part: Path, wanted: Wanted, patience: Patience, progress: Progress) -> None:
    offset = _size(part)
    with requests.Session() as session, _request(session, url, offset, patience) as response:
        if response.status_code == _RANGE_NOT_SATISFIABLE and offset:
            # nothing follows what is there; verifying it will tell whether that is the file
            return
        _check_answer(response)
        start, total = _extent(response, offset)
        if total is not None and total > wanted.limit:
            raise UnavailableError(f"offers {total:,} bytes, which is another file")
        _receive(response, part, start, wanted, patience, progress)
    if total is None and _size(part) < wanted.bytes:
        raise _PassingError(_cut(_size(part)), may_be_whole=True)
    if total is not None and _size(part) != total:
        raise _PassingError(_cut(_size(part)))


def _request(
    session: requests.Session, url: str, offset: int, patience: Patience
) -> requests.Response:
    # the checksums are those of the bytes as they lie on the host
    headers = {"Accept-Encoding": "identity", "User-Agent": "escaping-minima"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
    timeout = (patience.connect, patience.read)
    check_route(url)
    try:
        return session.get(url, headers=headers, stream=True, timeout=timeout)
    except requests.ReadTimeout as error:
        reason = f"no answer within {patience.read:g} seconds"
        raise _PassingError(reason, host_is_down=_is_of_host(error, url)) from None
    except requests.ConnectTimeout as error:
        to = f" to the proxy {proxy}" if (proxy := proxy_host(url)) else ""
        reason = f"no connection{to} within {patience.connect:g} seconds"
        raise UnavailableError(reason, _is_of_host(error, url)) from None
    except requests.exceptions.ProxyError as error:
        raise UnavailableError(explain_proxy(url, error), _is_of_host(error, url)) from None
    except requests.exceptions.SSLError as error:
        raise UnavailableError("its certificate is not valid", _is_of_host(error, url)) from None
    except requests.ConnectionError as error:
        if error.args and isinstance(error.args[0], ProtocolError):
            raise _PassingError("the connection was cut") from None
        raise UnavailableError("no connection", _is_of_host(error, url)) from None
    except requests.TooManyRedirects:
        raise UnavailableError("redirects in a circle") from None
    except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError):
        raise UnavailableError("not an address that can be asked") from None


def _is_of_host(error: requests.RequestException, url: str) -> bool:
    """Whether it was the host itself that failed, and none that it redirects to."""
    return error.request is None or host(str(error.request.url)).lower() == host(url).lower()


def _check_answer(response: requests.Response) -> None:
    status = response.status_code
    if status in _PASSING:
        raise _PassingError(f"answers {status}", _retry_after(response))
    if status not in (_OK, _PARTIAL):
        raise UnavailableError(f"answers {status}")
    if response.headers.get("Content-Type", "").lower().startswith("text/html"):
        raise UnavailableError(_web_page(response))


def _web_page(response: requests.Response) -> str:
    there = f" (redirected to {host(response.url)})" if response.history else ""
    return f"answers with a web page instead of the file{there}"


def _retry_after(response: requests.Response) -> float | None:
    text = response.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    # a date without a zone is in universal time
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return (until - datetime.now(UTC)).total_seconds()


def _extent(response: requests.Response, offset: int) -> tuple[int, int | None]:
    """Return where the answer starts and how long the whole file is, if the host says so."""
    if response.status_code == _OK:
        # the length of a file that is compressed on the way is not that of the file
        compressed = response.headers.get("Content-Encoding", "identity") != "identity"
        length = response.headers.get("Content-Length", "")
        if length.isdecimal() and len(length) > _DIGITS:
            raise UnavailableError(f"offers a file whose length has {len(length):,} digits")
        return 0, int(length) if length.isdecimal() and not compressed else None
    extent = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if extent is None or extent[1] != str(offset):
        raise UnavailableError("goes on with a download in the wrong place")
    return offset, int(extent[2]) if extent[2] != "*" else None


def _receive(
    response: requests.Response,
    part: Path,
    start: int,
    wanted: Wanted,
    patience: Patience,
    progress: Progress,
) -> None:
    # text that a host compresses unasked is unpacked; a .gz file that it declares so is not
    decode = not wanted.name.endswith(".gz")
    since, before = time.monotonic(), start
    piece = _next_piece(response, decode, start)
    # looked at first, so that a page takes the place of nothing
    if start == 0 and is_markup(piece):
        raise UnavailableError(_web_page(response))
    with PartFile(part, append=start > 0) as file:
        while piece:
            if file.size + len(piece) > wanted.limit:
                # what came is no part of the file
                part.unlink()
                raise UnavailableError(f"sends more than {wanted.limit:,} bytes: another file")
            file.write(piece)
            progress.advance(wanted.name, file.size, wanted.bytes)
            if (seconds := time.monotonic() - since) >= patience.window:
                if file.size - before < patience.least:
                    brought = file.size - before
                    raise _PassingError(f"brought only {brought:,} bytes in {seconds:.0f} seconds")
                since, before = time.monotonic(), file.size
            piece = _next_piece(response, decode, file.size)


def _next_piece(response: requests.Response, decode: bool, received: int) -> bytes:
    try:
        return cast(bytes, response.raw.read1(_PIECE, decode_content=decode))
    except urllib3.exceptions.ReadTimeoutError:
        raise _PassingError(f"stopped sending after {received:,} bytes") from None
    except (urllib3.exceptions.HTTPError, OSError):
        raise _PassingError(_cut(received)) from None


def _cut(received: int) -> str:
    return f"the connection was cut after {received:,} bytes"


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
