"""Ports on the loopback interface that are free now and are likely to stay so."""

import random
import socket

LOOPBACK = "127.0.0.1"
LOWEST = 20_000
HIGHEST = 32_000  # below the ports that Linux and macOS give to outgoing connections


def is_listening(port: int) -> bool:
    """Tell whether something accepts connections on a port of the loopback interface."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def free_ports(count: int) -> list[int]:
    """Choose ports that nothing listens on.

    Below the ephemeral range no outgoing connection takes one while its server is down, so a server can come
    back on the port it had. The choice is random, so that test runs side by side seldom meet.
    """
    chosen: list[int] = []
    generator = random.SystemRandom()
    while len(chosen) < count:
        port = generator.randint(LOWEST, HIGHEST)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as candidate:
            try:
                candidate.bind((LOOPBACK, port))
            except OSError:
                continue
        if port not in chosen:
            chosen.append(port)
    return chosen
