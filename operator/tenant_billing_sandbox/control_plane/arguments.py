"""The command lines of the servers (control-plane.md, "Starting it")."""

from dataclasses import dataclass
from pathlib import Path

from tenant_billing_sandbox.control_plane.credentials import Credentials
from tenant_billing_sandbox.control_plane.ports import LOOPBACK


@dataclass(frozen=True)
class Addresses:
    """The loopback ports of one control plane.

    Attributes:
        api: kube-apiserver, TLS.
        etcd: etcd's clients.
        etcd_peer: etcd's peers, of which there are none.
        controllers: Health of kube-controller-manager.
        scheduler: Health of kube-scheduler.
        kwok: Health of kwok.
    """

    api: int
    etcd: int
    etcd_peer: int
    controllers: int
    scheduler: int
    kwok: int

    @property
    def api_url(self) -> str:
        """Address of kube-apiserver."""
        return f"https://{LOOPBACK}:{self.api}"

    @property
    def etcd_url(self) -> str:
        """Address of etcd."""
        return f"http://{LOOPBACK}:{self.etcd}"

    @property
    def controllers_url(self) -> str:
        """Address of kube-controller-manager."""
        return f"https://{LOOPBACK}:{self.controllers}"

    @property
    def scheduler_url(self) -> str:
        """Address of kube-scheduler."""
        return f"https://{LOOPBACK}:{self.scheduler}"

    @property
    def kwok_url(self) -> str:
        """Address of kwok."""
        return f"http://{LOOPBACK}:{self.kwok}"


@dataclass(frozen=True)
class AuditFiles:
    """Where kube-apiserver finds its audit policy and writes its audit log."""

    policy: Path
    log: Path


def etcd_arguments(addresses: Addresses, data: Path) -> list[str]:
    """Build etcd's arguments: one member, without fsync, for tests only."""
    peer = f"http://{LOOPBACK}:{addresses.etcd_peer}"
    return [
        f"--data-dir={data}",
        f"--listen-client-urls={addresses.etcd_url}",
        f"--advertise-client-urls={addresses.etcd_url}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def api_server_arguments(
    addresses: Addresses, credentials: Credentials, audit: AuditFiles | None
) -> list[str]:
    """Build kube-apiserver's arguments: TLS, RBAC and service-account tokens, on loopback."""
    certificate, key = credentials.serving
    public, private = credentials.service_accounts
    arguments = [
        f"--etcd-servers={addresses.etcd_url}",
        f"--bind-address={LOOPBACK}",
        f"--advertise-address={LOOPBACK}",
        f"--secure-port={addresses.api}",
        "--permit-address-sharing",  # a restart on the same port doesn't wait for the kernel
        f"--tls-cert-file={certificate}",
        f"--tls-private-key-file={key}",
        f"--client-ca-file={credentials.authority}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={public}",
        f"--service-account-signing-key-file={private}",
        "--service-cluster-ip-range=10.96.0.0/24",
        "--authorization-mode=Node,RBAC",
        "--endpoint-reconciler-type=none",
    ]
    if audit is not None:
        arguments += [
            f"--audit-policy-file={audit.policy}",
            f"--audit-log-path={audit.log}",
            "--audit-log-maxsize=0",  # never rotated: it is read from its beginning
        ]
    return arguments


def controller_manager_arguments(
    addresses: Addresses, credentials: Credentials, kubeconfig: Path
) -> list[str]:
    """Build kube-controller-manager's arguments: garbage collection, namespaces, default service accounts."""
    _, private = credentials.service_accounts
    return [
        *_component_arguments(addresses.controllers, credentials, kubeconfig),
        f"--service-account-private-key-file={private}",
        f"--root-ca-file={credentials.authority}",
        "--use-service-account-credentials",
    ]


def scheduler_arguments(addresses: Addresses, credentials: Credentials, kubeconfig: Path) -> list[str]:
    """Build kube-scheduler's arguments."""
    return _component_arguments(addresses.scheduler, credentials, kubeconfig)


def kwok_arguments(addresses: Addresses, kubeconfig: Path, stages: Path) -> list[str]:
    """Build kwok's arguments: it plays every node, and every pod on one, by its stages."""
    return [
        f"--kubeconfig={kubeconfig}",
        f"--config={stages}",
        "--manage-all-nodes",
        f"--server-address={LOOPBACK}:{addresses.kwok}",
    ]


def _component_arguments(port: int, credentials: Credentials, kubeconfig: Path) -> list[str]:
    certificate, key = credentials.serving
    return [
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        f"--tls-cert-file={certificate}",
        f"--tls-private-key-file={key}",
        "--leader-elect=false",
        f"--bind-address={LOOPBACK}",
        f"--secure-port={port}",
    ]
