"""The operator as a process of its own: started, stopped, killed, and started again under the same identity."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import httpx

from tenant_billing_sandbox.control_plane.ports import LOOPBACK, free_ports
from tenant_billing_sandbox.control_plane.problems import ServerFailedError
from tenant_billing_sandbox.control_plane.server_process import ServerProcess
from tenant_billing_sandbox.environment.places import SOURCE_ROOT

READY_TIMEOUT: Final = 60.0
PROBE_TIMEOUT: Final = 2.0


class OperatorProcess:
    """``tenant-billing run``, with what it needs in its environment and nothing else of ours.

    Its ports and its identity stay the same from one start to the next: Stripe delivers to the same address, and the
    Lease that a killed one held is taken back at once.

    Attributes:
        log: File that its output is appended to.
        webhook_url: Where it takes what Stripe delivers, without a path.
        probe_url: Where it answers ``/healthz`` and ``/readyz``.

    Args:
        directory: Its home, and place of nothing else.
        log: As above.
        namespace: Its own.
        settings: Further environment variables.
    """

    def __init__(self, directory: Path, log: Path, namespace: str, settings: Mapping[str, str]) -> None:
        self.log = log
        log.touch()
        webhook, probe = free_ports(2)
        self.webhook_url = f"http://{LOOPBACK}:{webhook}"
        self.probe_url = f"http://{LOOPBACK}:{probe}"
        self._environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(directory),
            "PYTHONPATH": str(SOURCE_ROOT),
            "PYTHONUNBUFFERED": "1",
            "TENANT_BILLING_NAMESPACE": namespace,
            "TENANT_BILLING_HOST": LOOPBACK,
            "TENANT_BILLING_PORT": str(webhook),
            "TENANT_BILLING_PROBE_PORT": str(probe),
            "TENANT_BILLING_IDENTITY": "sandbox",
            "TENANT_BILLING_LOG_FORMAT": "json",
            **settings,
        }
        self._process: ServerProcess | None = None

    @property
    def alive(self) -> bool:
        """Whether it runs now."""
        return self._process is not None and self._process.alive

    async def start(
        self, kubeconfig: Path, *, settings: Mapping[str, str] | None = None, wait: bool = True
    ) -> None:
        """Start it, unless it runs.

        Args:
            kubeconfig: Who it is and where kube-apiserver, or the gateway before it, is.
            settings: Environment variables of this start only, which outrank the others.
            wait: Whether to return only when it is ready: it has listed what exists.

        Raises:
            ServerFailedError: It ended, or isn't ready within a minute.
        """
        if self.alive:
            return
        await self.stop()  # one that ended by itself still holds its launcher's pipe
        command = [sys.executable, "-m", "tenant_billing", "run"]
        environment = {
            **self._environment,
            **(settings or {}),
            "TENANT_BILLING_KUBECONFIG": str(kubeconfig),
        }
        self._process = ServerProcess(command, self.log, environment, name="the operator")
        self._process.start()
        if wait:
            await asyncio.to_thread(self._process.wait_until, self._is_ready, READY_TIMEOUT)

    async def stop(self) -> None:
        """End it by SIGTERM, as Kubernetes does; harmless when it doesn't run."""
        if self._process is not None:
            await asyncio.to_thread(self._process.stop)

    async def kill(self) -> None:
        """End it by SIGKILL; returns when it is gone. Harmless when it doesn't run."""
        if self._process is not None:
            await asyncio.to_thread(self._process.kill)

    def pause(self) -> None:
        """Let it stand still by SIGSTOP.

        Raises:
            ServerFailedError: It doesn't run.
        """
        self._running().pause()

    def resume(self) -> None:
        """Let it go on by SIGCONT.

        Raises:
            ServerFailedError: It doesn't run.
        """
        self._running().resume()

    def _running(self) -> ServerProcess:
        if self._process is None:
            raise ServerFailedError("the operator does not run", self.log)
        return self._process

    def _is_ready(self) -> bool:
        try:
            answer = httpx.get(f"{self.probe_url}/readyz", timeout=PROBE_TIMEOUT, trust_env=False)
        except httpx.HTTPError:
            return False
        return answer.is_success
