"""Ports on the loopback interface that are free now and stay this process's own.

A server takes its port a while after it was chosen, and gives it back each time it ends. Two control planes that met on
one would not only fail to start: etcd asks for no key, so one of them would take the other's for its own. So a process
hands out ports of a share that no other process of this sandbox has.
"""

import atexit
import functools
import itertools
import random
import socket

from tenant_billing_sandbox.control_plane.problems import ControlPlaneError

LOOPBACK = "127.0.0.1"
LOWEST = 20_000
HIGHEST = 32_000  # below the ports that Linux and macOS give to outgoing connections
SHARE = 100


def is_listening(port: int) -> bool:
    """Tell whether something accepts connections on a port of the loopback interface."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def free_ports(count: int) -> list[int]:
    """Choose ports that nothing is bound to, and that no other process is given while this one lives.

    Below the ephemeral range no outgoing connection takes one while its server is down, so a server can come
    back on the port it had.

    Raises:
        ControlPlaneError: There are not so many.
    """
    chosen: list[int] = []
    for port in itertools.islice(_share(), SHARE - 1):
        if _is_free(port):
            chosen.append(port)
        if len(chosen) == count:
            return chosen
    raise ControlPlaneError(f"this process has no {count} free ports left")


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as candidate:
        try:
            candidate.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


@functools.cache
def _share() -> "itertools.cycle[int]":
    """Take a share for as long as this process lives: its first port stays bound, and is what others see of it."""
    shares = list(range(LOWEST, HIGHEST, SHARE))
    random.SystemRandom().shuffle(shares)
    for first in shares:
        mark = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            mark.bind((LOOPBACK, first))
        except OSError:
            mark.close()
            continue
        atexit.register(mark.close)
        return itertools.cycle(range(first + 1, first + SHARE))
    raise ControlPlaneError(
        f"every share of the ports from {LOWEST} to {HIGHEST} is taken; end a sandbox or a test run"
    )
