"""The simulator, or Stripe itself, for the contract tests."""

from collections.abc import AsyncIterator

import pytest

from stripe_contract import SANDBOX_KEY, STRIPE_URL, Service, connected, simulated

TARGETS = ["simulator"]
if SANDBOX_KEY:
    TARGETS.append(pytest.param("sandbox", marks=pytest.mark.stripe_sandbox))  # type: ignore[arg-type] # a mark wraps the name


@pytest.fixture(params=TARGETS)
async def service(request: pytest.FixtureRequest) -> AsyncIterator[Service]:
    """Stripe, as the simulator has it and, where a key is set, as it is."""
    if request.param == "simulator":
        async with simulated() as (_, of_simulator):
            yield of_simulator
    else:
        async with connected(STRIPE_URL, SANDBOX_KEY or "") as of_sandbox:
            yield of_sandbox


@pytest.fixture
async def simulator() -> AsyncIterator[Service]:
    """The simulator, for what only it can show."""
    async with simulated() as (_, of_simulator):
        yield of_simulator
