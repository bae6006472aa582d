"""A simulator with default settings for each test."""

from collections.abc import AsyncIterator

import pytest

from things_stack_requests import RegistryClient, serving


@pytest.fixture
async def registry() -> AsyncIterator[RegistryClient]:
    async with serving() as client:
        yield client
