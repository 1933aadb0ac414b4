"""Headless Chromium, driven over its debugging socket, with every host name unknown."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import websocket

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


class Browser:
    """Loads pages and says what happened."""

    def __init__(self, program: str, profile: Path) -> None:
        command = [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._number = 0
        self._events: list[dict[str, Any]] = []
        try:
            self._socket = websocket.create_connection(
                _page_address(profile), suppress_origin=True, timeout=60
            )
        except BaseException:
            self._process.kill()
            raise
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._process.terminate()
        self._process.wait(30)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == self._number:
                assert "error" not in message, message
                return message["result"]
            self._events.append(message)

    def evaluate(self, expression: str) -> Any:
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait_for(self, expression: str) -> None:
        """Wait until an expression holds, on whatever page a click leads to."""
        for _ in range(600):
            try:
                if self.evaluate(expression):
                    return
            except AssertionError as error:
                # a page that is being left answers nothing
                if "navigated" not in str(error):
                    raise
            time.sleep(0.05)
        raise AssertionError(f"never came true: {expression}")

    def open(self, path: Path, width: int = 1280) -> None:
        """Load a page from disk and wait until it is whole."""
        self._events.clear()
        self.resize(width)
        self.call("Page.navigate", url=path.as_uri())
        for _ in range(600):
            if self.evaluate("document.readyState") == "complete" and self.evaluate(
                "location.href"
            ).startswith("file:"):
                break
            time.sleep(0.05)
        # what a script does after loading
        self.evaluate("new Promise(done => setTimeout(done, 100))")

    def resize(self, width: int) -> None:
        """Give the window another width; the page stays."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=False,
        )

    def requests(self) -> list[str]:
        """Return the addresses that the page asked for."""
        return [
            e["params"]["request"]["url"]
            for e in self._events
            if e.get("method") == "Network.requestWillBeSent"
        ]

    def complaints(self) -> list[str]:
        """Return errors and warnings of the console, and exceptions."""
        found = []
        for event in self._events:
            method, params = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append(str(params["exceptionDetails"].get("text")))
            elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
                found.append(params["entry"]["text"])
            elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
                found.append(str(params["args"]))
        return found


def _page_address(profile: Path) -> str:
    port_file = profile / "DevToolsActivePort"
    for _ in range(600):
        if port_file.exists() and (lines := port_file.read_text().splitlines()):
            address = f"http://127.0.0.1:{lines[0]}/json/list"
            with urllib.request.urlopen(address, timeout=30) as answer:
                pages = [p for p in json.load(answer) if p["type"] == "page"]
            if pages:
                return str(pages[0]["webSocketDebuggerUrl"])
        time.sleep(0.05)
    raise TimeoutError("the browser did not come up")
