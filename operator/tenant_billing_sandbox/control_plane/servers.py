"""etcd, kube-apiserver and, on request, what works beside them: started and stopped in the right order."""

import json
import shutil
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import fields
from http import HTTPStatus
from pathlib import Path

import httpx

from tenant_billing_sandbox.control_plane.arguments import (
    Addresses,
    AuditFiles,
    api_server_arguments,
    controller_manager_arguments,
    etcd_arguments,
    kwok_arguments,
    scheduler_arguments,
)
from tenant_billing_sandbox.control_plane.audit import AUDIT_POLICY
from tenant_billing_sandbox.control_plane.credentials import make_credentials
from tenant_billing_sandbox.control_plane.kubeconfig import write_kubeconfig
from tenant_billing_sandbox.control_plane.pins import Program
from tenant_billing_sandbox.control_plane.ports import free_ports
from tenant_billing_sandbox.control_plane.problems import ServerFailedError
from tenant_billing_sandbox.control_plane.server_process import ServerProcess
from tenant_billing_sandbox.control_plane.tools import KWOK_STAGES

READY_TIMEOUT = 90.0
PORT_TIMEOUT = 20.0
PORT_ATTEMPTS = 3
REQUEST_TIMEOUT = 2.0
RETRY_INTERVAL = 0.2

CAPACITY = {"cpu": "8", "memory": "16Gi", "pods": "100"}
NODE = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {
        "name": "played",
        "labels": {"kubernetes.io/hostname": "played", "kubernetes.io/os": "linux"},
    },
    "status": {"capacity": CAPACITY, "allocatable": CAPACITY},
}
"""The only node, which is none: no container runs on it."""


class Servers:
    """The servers of one control plane. Blocking; `plane.ControlPlane` is what an event loop uses.

    Args:
        programs: Paths of the programs.
        directory: Where keys, data and kubeconfig go.
        logs: Where the servers' logs go.
        audit: Whether kube-apiserver writes an audit log.
    """

    def __init__(self, programs: Mapping[Program, Path], directory: Path, logs: Path, *, audit: bool) -> None:
        self._programs = programs
        self._logs = logs
        self._data = directory / "etcd"
        self.kubeconfig = directory / "kubeconfig"
        keys = directory / "keys"
        keys.mkdir(exist_ok=True)
        self.credentials = make_credentials(keys)
        self._audit = AuditFiles(directory / "audit-policy.json", logs / "audit.log") if audit else None
        if self._audit is not None:
            self._audit.policy.write_text(json.dumps(AUDIT_POLICY))
        self._trust = ssl.create_default_context(cafile=self.credentials.authority)
        self._trust.load_cert_chain(*self.credentials.administrator)
        self._use_ports()

    def _use_ports(self) -> None:
        self.addresses = Addresses(*free_ports(len(fields(Addresses))))
        write_kubeconfig(self.kubeconfig, self.addresses.api_url, self.credentials)
        self._etcd = self._server(Program.ETCD, etcd_arguments(self.addresses, self._data))
        self._api = self._server(
            Program.KUBE_APISERVER, api_server_arguments(self.addresses, self.credentials, self._audit)
        )
        self._beside = self._servers_beside()

    def _servers_beside(self) -> list[tuple[ServerProcess, str]]:
        """What works beside kube-apiserver where its program is given, each with the address of its health."""
        known = (self.addresses, self.credentials, self.kubeconfig)
        found: list[tuple[ServerProcess, str]] = []
        if Program.KUBE_CONTROLLER_MANAGER in self._programs:
            arguments = controller_manager_arguments(*known)
            server = self._server(Program.KUBE_CONTROLLER_MANAGER, arguments)
            found.append((server, self.addresses.controllers_url))
        if Program.KUBE_SCHEDULER in self._programs:
            server = self._server(Program.KUBE_SCHEDULER, scheduler_arguments(*known))
            found.append((server, self.addresses.scheduler_url))
        if Program.KWOK in self._programs:
            stages = KWOK_STAGES.beside(self._programs[Program.KWOK])
            server = self._server(Program.KWOK, kwok_arguments(self.addresses, self.kubeconfig, stages))
            found.append((server, self.addresses.kwok_url))
        return found

    def _server(self, program: Program, arguments: list[str]) -> ServerProcess:
        return ServerProcess([self._programs[program], *arguments], self._logs / f"{program}.log")

    def start(self) -> None:
        """Start all and wait until they are ready; other ports are taken where one was lost to somebody else.

        Raises:
            ServerFailedError: One ended, or isn't ready in time. Nothing is left running.
        """
        for attempt in range(1, PORT_ATTEMPTS + 1):
            try:
                self._start_all()
            except BaseException as error:
                taken = isinstance(error, ServerFailedError) and self._port_lost()
                self.stop()
                if not taken or attempt == PORT_ATTEMPTS:
                    raise
                self._use_ports()
            else:
                return

    def _start_all(self) -> None:
        self._start_etcd()
        self._api.start()
        self._api.wait_until(self._api_ready, READY_TIMEOUT)
        self._start_beside()

    def _port_lost(self) -> bool:
        beside = [server for server, _ in self._beside]
        return any(server.address_taken for server in (self._etcd, self._api, *beside))

    def stop(self) -> None:
        """Stop all, etcd last: kube-apiserver ends slowly without it."""
        for server, _ in self._beside:
            server.stop()
        self._api.stop()
        self._etcd.stop()

    def stop_api_server(self) -> None:
        """Stop kube-apiserver; the data stays."""
        self._api.stop()

    def start_api_server(self) -> None:
        """Start kube-apiserver again, on its port, and wait until it is ready.

        It may not get its port back at once after it ended (control-plane.md), so it is tried for a while.

        Raises:
            ServerFailedError: It ended, or isn't ready in time.
        """
        deadline = time.monotonic() + PORT_TIMEOUT
        while True:
            self._api.start()
            try:
                self._api.wait_until(self._api_ready, READY_TIMEOUT)
            except ServerFailedError:
                self._api.stop()
                if not self._api.address_taken or time.monotonic() > deadline:
                    raise
                time.sleep(RETRY_INTERVAL)  # the port is given back a second later; no event loop runs here
            else:
                return

    def wipe(self) -> None:
        """Lose everything that etcd knew and start again, with the same keys on the same port."""
        self.stop()
        shutil.rmtree(self._data)
        self._start_etcd()
        self.start_api_server()
        self._start_beside()

    def _start_etcd(self) -> None:
        self._etcd.start()
        self._etcd.wait_until(self._answers(f"{self.addresses.etcd_url}/readyz"), READY_TIMEOUT)

    def _start_beside(self) -> None:
        if Program.KWOK in self._programs:
            self._api.wait_until(self._has_node, READY_TIMEOUT)
        for server, _ in self._beside:
            server.start()
        for server, url in self._beside:
            server.wait_until(self._answers(f"{url}/healthz"), READY_TIMEOUT)

    def _has_node(self) -> bool:
        """Make the node that pods run on, unless it is there, and tell whether it is; kwok plays the rest of it."""
        url = f"{self.addresses.api_url}/api/v1/nodes"
        try:
            answer = httpx.post(url, json=NODE, verify=self._trust, timeout=REQUEST_TIMEOUT, trust_env=False)
        except httpx.HTTPError:
            return False
        return answer.is_success or answer.status_code == HTTPStatus.CONFLICT

    def _api_ready(self) -> bool:
        """Tell whether kube-apiserver is ready and has made the namespace that everything starts from."""
        url = self.addresses.api_url
        return self._answers(f"{url}/readyz")() and self._answers(f"{url}/api/v1/namespaces/default")()

    def _answers(self, url: str) -> Callable[[], bool]:
        def answers() -> bool:
            try:
                answer = httpx.get(url, verify=self._trust, timeout=REQUEST_TIMEOUT, trust_env=False)
            except httpx.HTTPError:
                return False
            return answer.is_success

        return answers
