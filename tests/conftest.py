"""Fixtures that more than one room uses."""

import os
import secrets
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tenant_billing_sandbox.control_plane.binaries import Binaries, stripe_document
from tenant_billing_sandbox.control_plane.pins import Program
from tenant_billing_sandbox.control_plane.plane import ControlPlane
from tenant_billing_sandbox.control_plane.ports import LOOPBACK, free_ports, is_listening
from tenant_billing_sandbox.control_plane.problems import ControlPlaneError
from tenant_billing_sandbox.control_plane.server_process import ServerProcess
from tenant_billing_sandbox.control_plane.tools import TOOLS

# A busy machine is no defect of the code: how long an example takes is not judged. New examples are looked for by
# people's runs: continuous integration judges a change, by the same ones each time.
settings.register_profile(
    "patient",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
settings.load_profile("patient")

CONTROL_PLANE_FIXTURES = {
    "control_plane",
    "control_plane_programs",
    "control_plane_with_controllers",
    "tool_programs",
}


SLOWEST_FIRST = ("crash", "bench", "integration", "end_to_end", "scenarios")
"""Rooms whose modules take minutes: begun last, one of them would be waited for while the other workers idle."""

MEASURED = Path(__file__).parent / "domain"
"""The tests whose coverage counts. Measuring the others too would make them a third slower, for what only passes by."""


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None]:
    """Mark what uses the real kube-apiserver, for ``make unit``; once all are shuffled, begin with the slow rooms."""
    for item in items:
        if CONTROL_PLANE_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.control_plane)
        if MEASURED not in item.path.parents:
            item.add_marker(pytest.mark.no_cover)
    yield
    items.sort(key=_slowness)


def _slowness(item: pytest.Item) -> int:
    room = item.path.parent.name
    return SLOWEST_FIRST.index(room) if room in SLOWEST_FIRST else len(SLOWEST_FIRST)


def programs_or_failure(find: Callable[[], Mapping[Program, Path]]) -> Mapping[Program, Path]:
    """Find programs, or fail with the ways out instead of a traceback."""
    try:
        return find()
    except ControlPlaneError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def control_plane_programs() -> Mapping[Program, Path]:
    """etcd, kube-apiserver and kubectl; a test must not spend minutes compiling them."""
    return programs_or_failure(Binaries().locate)


@pytest.fixture(scope="session")
def control_plane(control_plane_programs: Mapping[Program, Path]) -> Iterator[ControlPlane]:
    """One kube-apiserver with its etcd for all tests of a worker, kept apart by namespaces and names."""
    with ControlPlane.running(programs=control_plane_programs) as plane:
        yield plane


@pytest.fixture
async def namespace(control_plane: ControlPlane) -> str:
    """A namespace of the test's own."""
    name = f"test-{secrets.token_hex(4)}"
    await control_plane.run_kubectl("create", "namespace", name)
    return name


@pytest.fixture(scope="session")
def control_plane_with_controllers(
    control_plane_programs: Mapping[Program, Path],
) -> Iterator[ControlPlane]:
    """One control plane that also collects garbage and ends namespaces; kube-controller-manager is made if missing."""
    more = programs_or_failure(lambda: Binaries().install([Program.KUBE_CONTROLLER_MANAGER]))
    with ControlPlane.running(programs={**control_plane_programs, **more}, controller_manager=True) as plane:
        yield plane


@pytest.fixture(scope="module")
def control_plane_with_workloads(
    control_plane_programs: Mapping[Program, Path], tool_programs: Mapping[Program, Path]
) -> Iterator[ControlPlane]:
    """A control plane of the module's own on which Deployments get pods: `helm install --wait` is real there."""
    more = programs_or_failure(
        lambda: Binaries().install([Program.KUBE_CONTROLLER_MANAGER, Program.KUBE_SCHEDULER])
    )
    programs = {**control_plane_programs, **more, **tool_programs}
    with ControlPlane.running(programs=programs, workloads=True) as plane:
        yield plane


@pytest.fixture(scope="session")
def tool_programs() -> Mapping[Program, Path]:
    """helm, kwok and promtool; a test must not spend minutes compiling them."""
    return programs_or_failure(lambda: Binaries().locate(TOOLS))


@pytest.fixture(scope="session")
def stripe_mock_programs() -> Mapping[Program, Path]:
    """stripe-mock, made in seconds if missing."""
    return programs_or_failure(lambda: Binaries().install([Program.STRIPE_MOCK]))


@pytest.fixture(scope="session")
def stripe_openapi(stripe_mock_programs: Mapping[Program, Path]) -> Path:
    """Stripe's published OpenAPI document, as stripe-mock carries it."""
    return stripe_document(stripe_mock_programs)


@pytest.fixture(scope="session")
def stripe_mock(
    stripe_mock_programs: Mapping[Program, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Address of a stripe-mock, which refuses what the published document does not have."""
    port, tls_port = free_ports(2)
    log = tmp_path_factory.mktemp("stripe-mock") / "log"
    # Unless told where, it also listens for TLS on every interface, at a port of its own choice.
    addresses = ["-http-addr", f"{LOOPBACK}:{port}", "-https-addr", f"{LOOPBACK}:{tls_port}"]
    server = ServerProcess([stripe_mock_programs[Program.STRIPE_MOCK], *addresses], log)
    server.start()
    try:
        server.wait_until(lambda: is_listening(port), timeout=30)
        yield f"http://{LOOPBACK}:{port}"
    finally:
        server.stop()
