"""`ServerProcess`: the workshop's server in a process of its own, to be asked, killed and started again."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import psutil

__all__ = ["NotStartedError", "ServerProcess"]

_SECONDS = 30.0
_PARTICIPANTS = re.compile(r"^Participants\s+\w+://\S+?:(\d+)/", re.MULTILINE)
_LINK = re.compile(r"http://127\.0\.0\.1:\d+/facilitator/enter\?key=\S+")


class NotStartedError(Exception):
    """The server's process ended, or said nothing, before it could be asked."""


class ServerProcess:
    """``movement-readiness serve`` on this computer alone, as a context.

    Parameters
    ----------
    store : str, pathlib.Path or sequence of str
        A file; or the arguments of ``serve`` that say where the store is, none where a variable does.
    options : sequence of str
        Further options of ``serve``.
    variables : mapping of str to str, optional
        Environment variables for it, besides those of this process.
    folder : pathlib.Path, optional
        Where it runs.
    start : bool, default True
        Start it with the context.
    """

    def __init__(
        self,
        store: str | Path | Sequence[str],
        options: Sequence[str] = (),
        *,
        variables: Mapping[str, str] | None = None,
        folder: Path | None = None,
        start: bool = True,
    ) -> None:
        self._command = [sys.executable, "-m", "movement_readiness", "serve"]
        self._command += [str(store)] if isinstance(store, str | Path) else list(store)
        self._command += ["--host", "127.0.0.1", "--no-browser", *options]
        self._variables = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8", **(variables or {})}
        self._folder = folder
        self._start = start
        self._process: subprocess.Popen[str] | None = None
        self._lines: list[str] = []
        self._reader: threading.Thread | None = None
        self.port = 0

    def __enter__(self) -> ServerProcess:
        if self._start:
            self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def output(self) -> str:
        """Everything it has printed since it was started last."""
        return "\n".join(self._lines)

    @property
    def link(self) -> str:
        """The link that opens the facilitator's page once."""
        found = _LINK.search(self.output)
        return found[0] if found else ""

    def start(self) -> None:
        """Start it, on the port it had before if it had one, and wait until it says where it listens."""
        self._lines = []
        self._process = subprocess.Popen(  # noqa: S603  (our own interpreter)
            [*self._command, "--port", str(self.port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
            errors="replace",
            env=self._variables,
            cwd=self._folder,
        )
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()
        until = time.monotonic() + _SECONDS
        while "Stop with Ctrl+C" not in self.output:
            if self._process.poll() is not None or time.monotonic() > until:
                self.kill()
                raise NotStartedError(f"The server did not start: {self.output[-1000:]}")
            time.sleep(0.02)
        found = _PARTICIPANTS.search(self.output)
        self.port = int(found[1]) if found else 0

    def _read(self, process: subprocess.Popen[str]) -> None:
        if process.stdout is not None:
            for line in process.stdout:
                self._lines.append(line.rstrip("\n"))

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does (kill -9; on Windows, terminate)."""
        if self._process is not None:
            self._process.kill()
            self._ended()

    def stop(self) -> int:
        """Ask it to stop as Ctrl+C does, and wait; its exit code."""
        if self._process is None:
            return 0
        if os.name == "nt":
            self._process.terminate()
        else:
            self._process.send_signal(signal.SIGINT)
        process = self._process
        self._ended()
        return int(process.returncode)

    def _ended(self) -> None:
        if self._process is None:
            return
        try:
            self._process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(_SECONDS)
        if self._reader is not None:
            self._reader.join(_SECONDS)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None

    @property
    def megabytes(self) -> float:
        """The memory it uses now (resident set), in millions of bytes."""
        if self._process is None:
            return 0.0
        return float(psutil.Process(self._process.pid).memory_info().rss) / 1e6
