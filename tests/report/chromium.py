"""Headless Chromium over its debugging pipe: what a test needs of a browser, and no library.

Protocol: https://chromedevtools.github.io/devtools-protocol/, JSON messages that end with a zero
byte, read by the browser from file descriptor 3 and written to 4 (`--remote-debugging-pipe`).
"""

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
FLAGS += ["--disable-background-networking", "--no-first-run", "--remote-debugging-pipe"]
SECONDS = 60


def find_chromium() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Page:
    """One page of a browser of its own.

    Attributes:
        problems: what the page wrote to the console, exceptions, and requests it made beside the
            file itself.
    """

    def __init__(self, program: str, profile: Path):
        # Numbers far above 4, so that neither end is in the way of the other.
        self._read, out = (fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in os.pipe())
        into, self._write = (fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in os.pipe())
        # Another Python puts them where the browser expects them: a `preexec_fn` may hang in a
        # process with threads, as JAX starts them.
        place = f"import os, sys; os.dup2({into}, 3); os.dup2({out}, 4)"
        start = [sys.executable, "-c", f"{place}; os.execv(sys.argv[1], sys.argv[1:])"]
        self._browser = subprocess.Popen(
            [*start, program, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(into, out),
        )
        os.close(out)
        os.close(into)
        self._number, self._buffer, self._session = 0, b"", None
        self.problems: list = []
        targets = self.send("Target.getTargets")["targetInfos"]
        target = next(one["targetId"] for one in targets if one["type"] == "page")
        attached = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def open(self, file: Path, width: int, dark: bool = False) -> None:
        """Show a file at a width, and wait until it is loaded."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.send("Page.navigate", url=file.absolute().as_uri())
        while self._receive().get("method") != "Page.loadEventFired":
            pass

    def evaluate(self, script: str):
        """The value of a JavaScript expression."""
        found = self.send("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def click(self, selector: str) -> None:
        """Press the mouse where the element is."""
        x, y = self.evaluate(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect();"
            "return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def picture(self, file: Path, whole: bool = True) -> None:
        """A PNG of the page, whole or of the first screen."""
        found = self.send("Page.captureScreenshot", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(found["data"]))

    def send(self, method: str, **params):
        """Call a method and wait for its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def _receive(self) -> dict:
        until = time.monotonic() + SECONDS
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(until - time.monotonic(), 0))
            assert ready, "the browser does not answer"
            read = os.read(self._read, 1 << 16)
            assert read, "the browser has ended"
            self._buffer += read
        line, self._buffer = self._buffer.split(b"\0", 1)
        message = json.loads(line)
        self._note(message.get("method"), message.get("params") or {})
        return message

    def _note(self, method: str | None, params: dict) -> None:
        if method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
            self.problems.append((method, params))
        if method == "Network.requestWillBeSent" and params.get("type") != "Document":
            self.problems.append((method, params["request"]["url"]))

    def close(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(self._write, b'{"id": 0, "method": "Browser.close"}\0')
        try:
            self._browser.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._browser.kill()
            self._browser.wait()
        os.close(self._read)
        os.close(self._write)
