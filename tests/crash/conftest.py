"""One environment and one recorded life for all tests of this room."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from crash_cases import Recording, record
from running_product import Product, running_product
from tenant_billing_sandbox.control_plane.pins import Program


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def product(
    control_plane_programs: Mapping[Program, Path], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Product]:
    """A running product with a gateway before kube-apiserver."""
    async with running_product(tmp_path_factory.mktemp("product")) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def recording(product: Product) -> Recording:
    """The writes of one undisturbed life, and what stood at the end of each phase."""
    return await record(product, "recorded-000")
