"""A running control plane, for code on an event loop and for fixtures that outlive one."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from tenant_billing_sandbox.control_plane.audit import AuditLog
from tenant_billing_sandbox.control_plane.binaries import Binaries
from tenant_billing_sandbox.control_plane.kubeconfig import write_kubeconfig
from tenant_billing_sandbox.control_plane.kubectl import Kubectl
from tenant_billing_sandbox.control_plane.pins import CORE_PROGRAMS, Program
from tenant_billing_sandbox.control_plane.servers import Servers
from tenant_billing_sandbox.control_plane.workspace import Workspace

ESTABLISH_TIMEOUT = "60s"


class ControlPlane:
    """A kube-apiserver with its etcd. Made by `start` or `running`, never directly.

    Attributes:
        directory: Where its keys, data and logs lie while it runs.
        kubeconfig: The administrator's.
        kubectl: Path of the kubectl of the same version.
        audit: What kube-apiserver was asked; empty where it runs without audit.
    """

    def __init__(self, servers: Servers, directory: Path, logs: Path, kubectl: Path) -> None:
        self._servers = servers
        self.directory = directory
        self.kubeconfig = servers.kubeconfig
        self.kubectl = kubectl
        self.audit = AuditLog(logs / "audit.log")

    @property
    def url(self) -> str:
        """Address of kube-apiserver."""
        return self._servers.addresses.api_url

    @property
    def authority(self) -> Path:
        """Certificate of the authority that kube-apiserver's certificate is checked against."""
        return self._servers.credentials.authority

    @property
    def administrator(self) -> tuple[Path, Path]:
        """Certificate and key of the administrator."""
        return self._servers.credentials.administrator

    @property
    def serving(self) -> tuple[Path, Path]:
        """Certificate and key of kube-apiserver, good for whatever stands before it on this machine."""
        return self._servers.credentials.serving

    @classmethod
    @contextmanager
    def running(
        cls,
        directory: Path | None = None,
        *,
        audit: bool = True,
        controller_manager: bool = False,
        workloads: bool = False,
        programs: Mapping[Program, Path] | None = None,
    ) -> Iterator["ControlPlane"]:
        """Run a control plane while the context lasts; blocks while it starts (4 s) and stops (1 s).

        Args:
            directory: Where everything goes, and stays; started there again, it goes on with the data it had.
                Absent: a temporary directory, removed in the end. When the context ends with an exception,
                its logs stay, and a note on the exception says where.
            audit: Whether requests are recorded.
            controller_manager: Whether kube-controller-manager runs too, for garbage collection and the
                deletion of namespaces.
            workloads: Whether, beyond that, kube-scheduler and kwok run: Deployments get pods on a node, and both
                behave as if containers ran.
            programs: Paths of the programs; absent: those that `Binaries.locate` finds.

        Raises:
            ProgramsMissingError: A program is not on this machine.
            ServerFailedError: A server doesn't become ready.
        """
        wanted = _programs(controller_manager=controller_manager or workloads, workloads=workloads)
        located = programs if programs is not None else Binaries().locate(wanted)
        workspace = Workspace(directory)
        failed = False
        try:
            chosen = {program: located[program] for program in wanted}
            servers = Servers(chosen, workspace.directory, workspace.logs, audit=audit)
            servers.start()
            try:
                yield cls(servers, workspace.directory, workspace.logs, located[Program.KUBECTL])
            finally:
                servers.stop()
        except Exception as error:
            failed = True
            error.add_note(f"The control plane's logs are in {workspace.logs}")
            raise
        finally:
            workspace.close(keep_logs=failed)

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        directory: Path | None = None,
        *,
        audit: bool = True,
        controller_manager: bool = False,
        workloads: bool = False,
        programs: Mapping[Program, Path] | None = None,
    ) -> AsyncIterator["ControlPlane"]:
        """Do as `running` without blocking the event loop."""
        context = cls.running(
            directory,
            audit=audit,
            controller_manager=controller_manager,
            workloads=workloads,
            programs=programs,
        )
        entering = asyncio.ensure_future(asyncio.to_thread(context.__enter__))
        try:
            plane = await asyncio.shield(entering)
        except asyncio.CancelledError:
            await asyncio.wait(
                [entering]
            )  # a thread can't be cancelled, so what it started is stopped after it
            if entering.exception() is None:
                await asyncio.to_thread(context.__exit__, None, None, None)
            raise
        try:
            yield plane
        except BaseException as error:
            if not await asyncio.to_thread(context.__exit__, type(error), error, error.__traceback__):
                raise
        else:
            await asyncio.to_thread(context.__exit__, None, None, None)

    async def run_kubectl(
        self,
        *arguments: str,
        input: str | None = None,  # noqa: A002 - called as in subprocess
        kubeconfig: Path | None = None,
    ) -> str:
        """Run kubectl.

        Args:
            arguments: The command and its flags.
            input: Standard input, a manifest for ``--filename -``.
            kubeconfig: Who runs it; absent: the administrator.

        Returns:
            Its standard output.

        Raises:
            KubectlError: It failed; the message is its standard error.
        """
        kubectl = Kubectl(self.kubectl, kubeconfig or self.kubeconfig, self.directory)
        return await kubectl.run(*arguments, standard_input=input)

    async def token(self, namespace: str, service_account: str, *, duration: str = "1h") -> str:
        """Get a token for a ServiceAccount that exists (TokenRequest API).

        Args:
            namespace: Of the ServiceAccount.
            service_account: Its name.
            duration: How long the token is valid, in the spelling of Go: ``1h``.
        """
        wanted = ("--namespace", namespace, "--duration", duration)
        return (await self.run_kubectl("create", "token", service_account, *wanted)).strip()

    def kubeconfig_for_token(
        self, token: str, path: Path, *, namespace: str = "default", url: str | None = None
    ) -> Path:
        """Write a kubeconfig for the bearer of a token.

        Args:
            token: The bearer token.
            path: File to write.
            namespace: Where commands go that name none.
            url: Address of what stands before kube-apiserver, with its certificate; absent: kube-apiserver.
        """
        credentials = self._servers.credentials
        return write_kubeconfig(path, url or self.url, credentials, token=token, namespace=namespace)

    async def apply(self, path: Path) -> None:
        """Apply a manifest or a folder of them, server-side; kinds defined there can be used afterwards.

        Raises:
            KubectlError: Something was refused, or a kind is not established within a minute.
        """
        applied = await self.run_kubectl(
            "apply", "--server-side", "--filename", str(path), "--output", "name"
        )
        prefix = "customresourcedefinition.apiextensions.k8s.io/"
        kinds = [line for line in applied.split() if line.startswith(prefix)]
        if not kinds:
            return
        await self.run_kubectl(
            "wait", "--for=condition=Established", f"--timeout={ESTABLISH_TIMEOUT}", *kinds
        )
        for kind in kinds:  # answered 429 until its storage is up; kubectl waits as told
            await self.run_kubectl("get", kind.removeprefix(prefix), "--all-namespaces", "--chunk-size=1")

    async def stop_api_server(self) -> None:
        """Stop kube-apiserver, as in an outage; etcd and its data stay."""
        await asyncio.to_thread(self._servers.stop_api_server)

    async def start_api_server(self) -> None:
        """End the outage: the same address, the same data.

        Raises:
            ServerFailedError: It doesn't become ready.
        """
        await asyncio.to_thread(self._servers.start_api_server)

    async def wipe(self) -> None:
        """Lose all data, as a cluster that is set up anew; address, keys and kubeconfig stay.

        Tokens end, because they are bound to ServiceAccounts that are gone.
        """
        await asyncio.to_thread(self._servers.wipe)


def _programs(*, controller_manager: bool, workloads: bool) -> tuple[Program, ...]:
    return (
        *CORE_PROGRAMS,
        *([Program.KUBE_CONTROLLER_MANAGER] if controller_manager else []),
        *([Program.KUBE_SCHEDULER, Program.KWOK] if workloads else []),
    )
