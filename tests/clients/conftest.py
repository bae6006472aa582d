"""Fixtures of the outside clients' tests."""

from collections.abc import AsyncIterator

import pytest

from outside_stubs import Stub, stripe_at, stub_server, things_stack_at
from tenant_billing.clients.stripe_provider import StripeProvider
from tenant_billing.clients.things_stack_registry import ThingsStackRegistry


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    """A server that answers as told."""
    async with stub_server() as server:
        yield server


@pytest.fixture
async def provider(stub: Stub) -> AsyncIterator[StripeProvider]:
    """A connection to Stripe that in truth leads to the stub."""
    async with stripe_at(stub.url) as connected:
        yield connected


@pytest.fixture
async def registry(stub: Stub) -> AsyncIterator[ThingsStackRegistry]:
    """A connection to The Things Stack that in truth leads to the stub."""
    async with things_stack_at(stub.url) as connected:
        yield connected
