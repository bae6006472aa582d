"""Runs one program that must not outlive the process which asked for it.

Started as a script: ``python -I -S launcher.py PROGRAM ARGUMENT…``, with a pipe as its standard input whose
other end the asking process keeps open. When that process ends, by whatever signal, the pipe ends and the
program is killed. Where this launcher itself is killed, Linux kills the program (``PR_SET_PDEATHSIG``; that
signal follows the thread that forked, and a launcher has but one). SIGTERM is handed on. Exits as the program
does.

Imports nothing of the project: it must start in milliseconds.
"""

import ctypes
import os
import select
import signal
import sys

LIFELINE = 0
PR_SET_PDEATHSIG = 1
NOT_EXECUTABLE = 126


def _become(program: list[str], launcher: int) -> None:
    """Turn the forked child into the program; never returns."""
    try:
        if sys.platform == "linux":
            ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == launcher:  # else it ended before the line above
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(nothing, LIFELINE)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})  # the mask outlives execv
            os.execv(program[0], program)  # noqa: S606 - no shell is wanted
    except OSError as error:
        sys.stderr.write(f"{program[0]}: {error.strerror}\n")
        sys.stderr.flush()
    finally:
        os._exit(NOT_EXECUTABLE)


def main(program: list[str]) -> int:
    """Run the program until it ends or the lifeline does; return its exit status as a shell would."""
    awake, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    launcher = os.getpid()
    # Held back until the handler stands: before, the signal would end this process, and the program by SIGKILL.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    child = os.fork()
    if child == 0:
        _become(program, launcher)
    signal.signal(signal.SIGTERM, lambda _number, _frame: os.kill(child, signal.SIGTERM))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    while True:
        ready, _, _ = select.select([LIFELINE, awake], [], [])
        if LIFELINE in ready:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return 128 + signal.SIGKILL
        os.read(awake, 64)
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
