"""The operator dies at every write of a tenant's life, before it is sent and after it was committed."""

import pytest

from crash_cases import DELETED, EDITED, NOTHING, Life, Recording, cases_of
from running_product import Product

pytestmark = [pytest.mark.crash, pytest.mark.asyncio(loop_scope="module")]


async def test_killed_at_every_write_everything_ends_as_if_undisturbed(
    product: Product, recording: Recording
) -> None:
    cases = [
        *cases_of(recording, NOTHING, whole=True),
        *cases_of(recording, EDITED, whole=False),
        *cases_of(recording, DELETED, whole=False),
    ]
    await Life(product, recording, "now", cases).live()
