"""One environment and one recorded life for all tests of this room."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

import manifests
from crash_cases import Recording, record
from crash_life import PAID_BY_THE_YEAR
from running_product import Product, running_product
from tenant_billing_sandbox.control_plane.pins import Program


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def product(
    control_plane_programs: Mapping[Program, Path], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Product]:
    """A running product with a gateway before kube-apiserver, which also sells by the year."""
    async with running_product(tmp_path_factory.mktemp("product")) as running:
        await running.trust()
        await running.apply(manifests.a("BillingPlan", PAID_BY_THE_YEAR))
        await running.until_ready(PAID_BY_THE_YEAR["metadata.name"], "Available", plural="billingplans")
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def recording(product: Product) -> Recording:
    """The writes of one undisturbed life, and what stood at the end of each phase."""
    return await record(product, "recorded-000")
