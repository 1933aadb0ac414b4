"""A small data set in all packings, and a host that misbehaves as told."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import tarfile
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

from escaping_minima.data.registry import Content, DataFile, DataSet

# bytes that do not compress, so that a packed file is about as long as what it holds
NOISE = np.random.default_rng(7).bytes(300_000)
PLAIN = b"one\ntwo\n" + NOISE.hex().encode()[:100_000]
MEMBERS = {"toy/a.bin": NOISE[:50_000], "toy/b.bin": NOISE[50_000:120_000]}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def pack_gzip(data: bytes, level: int = 6) -> bytes:
    return gzip.compress(data, level, mtime=0)


def pack_tar(members: dict[str, bytes], *odd: tarfile.TarInfo, level: int = 6) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for member in odd:
            archive.addfile(member)
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return pack_gzip(buffer.getvalue(), level)


OFFICIAL = {
    "noise.gz": pack_gzip(NOISE),
    "pack.tar.gz": pack_tar(MEMBERS),
    "plain.txt": PLAIN,
}
CONTENTS = {"noise.gz": {"noise": NOISE}, "pack.tar.gz": MEMBERS, "plain.txt": {"plain.txt": PLAIN}}


def make_data_set(*names: str, urls: tuple[str, ...] = ()) -> DataSet:
    """The toy data set, or some files of it; every URL holds {file}."""
    files = tuple(
        DataFile(
            name,
            len(OFFICIAL[name]),
            sha256(OFFICIAL[name]),
            tuple(Content(n, len(d), sha256(d)) for n, d in CONTENTS[name].items()),
            tuple(url.format(file=name) for url in urls),
        )
        for name in names or OFFICIAL
    )
    return DataSet("toy", "Toy", "texts", "lines", "toy", "A toy.", "none", "nobody", (), files)


@dataclass
class Request:
    path: str
    offset: int
    encoding: str
    sent: int = 0


Answer = Callable[["Handler", bytes, int], None]


class Handler(BaseHTTPRequestHandler):
    """Gives a file, from an offset if asked, unless an answer was planned for the path."""

    server: Host
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        offset = int(asked[1]) if asked else 0
        self.request_log = Request(self.path, offset, self.headers["Accept-Encoding"])
        self.server.requests.append(self.request_log)
        self.close_connection = True
        planned = self.server.planned.get(self.path, [])
        answer = planned.pop(0) if planned else give
        data = self.server.files.get(self.path)
        with suppress(BrokenPipeError, ConnectionResetError):
            if data is None and answer is give:
                refuse(404)(self, b"", offset)
            else:
                answer(self, data or b"", offset)

    def head(self, status: int, length: int | None, **headers: str) -> None:
        self.send_response(status)
        if length is not None and "Content_Length" not in headers:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Connection", "close")
        self.end_headers()

    def body(self, data: bytes) -> None:
        self.wfile.write(data)
        self.request_log.sent += len(data)

    def log_message(self, *_: object) -> None:
        pass


class Host(ThreadingHTTPServer):
    """What it serves, what it plans to answer instead, what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.planned: dict[str, list[Answer]] = {}
        self.requests: list[Request] = []
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def serve(self, files: dict[str, bytes]) -> None:
        self.files |= {f"/toy/{name}": data for name, data in files.items()}

    def plan(self, name: str, *answers: Answer) -> None:
        self.planned[f"/toy/{name}"] = list(answers)


def give(handler: Handler, data: bytes, offset: int) -> None:
    _give_part(handler, data, offset, len(data))


def give_and_cut(length: int) -> Answer:
    """Promise all, and end the connection after so many bytes."""
    return lambda handler, data, offset: _give_part(handler, data, offset, length)


def _give_part(handler: Handler, data: bytes, offset: int, length: int) -> None:
    rest = data[offset:]
    if not rest:
        handler.head(416, 0, Content_Range=f"bytes */{len(data)}")
    elif offset:
        extent = f"bytes {offset}-{len(data) - 1}/{len(data)}"
        handler.head(206, len(rest), Content_Range=extent)
    else:
        handler.head(200, len(rest))
    handler.body(rest[:length])


def give_at_most(length: int) -> Answer:
    """Answer a request for a range with less than the rest, as a host may."""

    def answer(handler: Handler, data: bytes, offset: int) -> None:
        piece = data[offset : offset + length]
        extent = f"bytes {offset}-{offset + len(piece) - 1}/{len(data)}"
        handler.head(206, len(piece), Content_Range=extent)
        handler.body(piece)

    return answer


def give_all(handler: Handler, data: bytes, offset: int) -> None:
    """Give the whole, whatever was asked for."""
    handler.head(200, len(data))
    handler.body(data)


def give_without_length(handler: Handler, data: bytes, offset: int) -> None:
    handler.head(200, None)
    handler.body(data)


def stall_after(length: int) -> Answer:
    def answer(handler: Handler, data: bytes, offset: int) -> None:
        handler.head(200, len(data))
        handler.body(data[:length])
        handler.server.released.wait(10)

    return answer


def trickle(handler: Handler, data: bytes, offset: int) -> None:
    """Give a byte now and then, from the offset that was asked for."""
    if offset:
        extent = f"bytes {offset}-{len(data) - 1}/{len(data)}"
        handler.head(206, len(data) - offset, Content_Range=extent)
    else:
        handler.head(200, len(data))
    for start in range(offset, len(data)):
        handler.body(data[start : start + 1])
        if handler.server.released.wait(0.05):
            return


def refuse(status: int, **headers: str) -> Answer:
    return lambda handler, data, offset: handler.head(status, 0, **headers)


def redirect(location: str) -> Answer:
    return refuse(302, Location=location)


def give_html(content_type: str) -> Answer:
    page = b"<!DOCTYPE html><html><body>Please log in</body></html>"

    def answer(handler: Handler, data: bytes, offset: int) -> None:
        handler.head(200, len(page), Content_Type=content_type)
        handler.body(page)

    return answer


@dataclass
class Notes:
    """Progress that remembers."""

    lines: list[str] = field(default_factory=list)
    steps: list[tuple[str, int, int]] = field(default_factory=list)

    def advance(self, what: str, done: int, total: int) -> None:
        self.steps.append((what, done, total))

    def say(self, line: str) -> None:
        self.lines.append(line)
