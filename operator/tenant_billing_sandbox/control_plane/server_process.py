"""One server of the control plane as a process: started, watched, stopped, never left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tenant_billing_sandbox.control_plane.problems import ServerFailedError

LAUNCHER = Path(__file__).with_name("launcher.py")
POLL_INTERVAL = 0.05
STOP_PATIENCE = 30.0
"""Seconds from SIGTERM to SIGKILL, as Kubernetes has it: the operator lets passes under way end for 20 of them."""
KILL_PATIENCE = 30.0
TAIL_LINES = 5


class ServerProcess:
    """A program that runs until it is stopped, or until this Python process ends, however that happens.

    It has a session of its own: Ctrl-C in a terminal reaches it through us, in the order in which we stop.

    Args:
        arguments: The program's path and its arguments.
        log: File that its output is appended to.
        environment: Its environment variables, all of them; absent: ours.
        name: What messages call it; absent: the program's file name.
    """

    def __init__(
        self,
        arguments: Sequence[str | Path],
        log: Path,
        environment: Mapping[str, str] | None = None,
        name: str | None = None,
    ) -> None:
        self._arguments = [str(argument) for argument in arguments]
        self.name = name or Path(self._arguments[0]).name
        self._log = log
        self._environment = environment
        self._log_start = 0
        self._launcher: subprocess.Popen[bytes] | None = None

    @property
    def address_taken(self) -> bool:
        """Whether it complained, since its last start, that its port is in use."""
        if not self._log.exists():
            return False
        with self._log.open("rb") as log:
            log.seek(self._log_start)
            return b"address already in use" in log.read()

    @property
    def alive(self) -> bool:
        """Whether it runs now."""
        return self._launcher is not None and self._launcher.poll() is None

    def start(self) -> None:
        """Start it; use `wait_until` to learn that it is ready."""
        with self._log.open("ab") as log:
            self._log_start = log.tell()
            self._launcher = subprocess.Popen(
                [sys.executable, "-I", "-S", LAUNCHER, *self._arguments],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=self._environment,
            )

    def wait_until(self, ready: Callable[[], bool], timeout: float) -> None:
        """Wait until a condition holds.

        Args:
            ready: The condition; asked again and again.
            timeout: Patience, in seconds of real time.

        Raises:
            ServerFailedError: The process ended, or the time is over.
        """
        deadline = time.monotonic() + timeout
        while not (ready() and self.alive):  # what answers at its address might be another's
            if not self.alive:
                raise ServerFailedError(
                    f"{self.name} ended while it started: {self._last_lines()}", self._log
                )
            if time.monotonic() > deadline:
                raise ServerFailedError(f"{self.name} is not ready after {timeout:.0f} s", self._log)
            time.sleep(POLL_INTERVAL)  # of a child process; no event loop runs in this thread

    def stop(self, patience: float = STOP_PATIENCE) -> None:
        """End it by SIGTERM, or by SIGKILL if it doesn't in time; harmless when it has ended.

        Args:
            patience: Seconds of real time until SIGKILL.
        """
        launcher, self._launcher = self._launcher, None
        if launcher is None:
            return
        launcher.terminate()
        try:
            launcher.wait(patience)
        except subprocess.TimeoutExpired:
            self._cut(launcher)
            launcher.wait(KILL_PATIENCE)
        self._cut(launcher)

    def kill(self) -> None:
        """End it by SIGKILL and wait until it is gone; harmless when it has ended."""
        launcher, self._launcher = self._launcher, None
        if launcher is not None:
            self._cut(launcher)
            launcher.wait(KILL_PATIENCE)

    def pause(self) -> None:
        """Stop its clockwork by SIGSTOP: it answers nothing and notices nothing until `resume`.

        Raises:
            ServerFailedError: It doesn't run.
        """
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on by SIGCONT, as if no time had passed.

        Raises:
            ServerFailedError: It doesn't run.
        """
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        """Signal the program and not its launcher, which must see our end at any time."""
        if self._launcher is None:
            raise ServerFailedError(f"{self.name} does not run", self._log)
        launcher = self._launcher.pid
        children = Path(f"/proc/{launcher}/task/{launcher}/children").read_text(encoding="ascii")
        os.kill(int(children), number)

    @staticmethod
    def _cut(launcher: subprocess.Popen[bytes]) -> None:
        """Close the lifeline: the launcher kills what it runs."""
        if launcher.stdin is not None:
            with suppress(OSError):
                launcher.stdin.close()

    def _last_lines(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines()
        return " / ".join(lines[-TAIL_LINES:])
