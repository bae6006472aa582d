"""Fixtures that more than one room uses."""

import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tenant_billing_sandbox.control_plane.binaries import Binaries, stripe_document
from tenant_billing_sandbox.control_plane.pins import CORE_PROGRAMS, Program
from tenant_billing_sandbox.control_plane.plane import ControlPlane
from tenant_billing_sandbox.control_plane.problems import ProgramsMissingError

CONTROL_PLANE_FIXTURES = {"control_plane", "control_plane_programs", "namespace"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the real kube-apiserver, so that ``make unit`` leaves it out."""
    for item in items:
        if CONTROL_PLANE_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.control_plane)


def located(*programs: Program) -> Mapping[Program, Path]:
    """Find programs on this machine; a test must not spend minutes compiling them."""
    try:
        return Binaries().locate(programs)
    except ProgramsMissingError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def control_plane_programs() -> Mapping[Program, Path]:
    """etcd, kube-apiserver and kubectl."""
    return located(*CORE_PROGRAMS)


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
def stripe_openapi() -> Path:
    """Stripe's published OpenAPI document, as stripe-mock carries it."""
    return stripe_document(located(Program.STRIPE_MOCK))
