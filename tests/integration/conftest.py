"""The running product for the tests of one file."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from running_product import Product, running_product
from tenant_billing_sandbox.control_plane.pins import Program


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def product(
    control_plane_programs: Mapping[Program, Path], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Product]:
    """A control plane, both simulators, and the operator as a process."""
    async with running_product(tmp_path_factory.mktemp("product")) as running:
        yield running
