"""Fixtures of the contract with Stripe's published document."""

from pathlib import Path

import pytest

from stripe_openapi.document import StripeDocument, load


@pytest.fixture
def document(stripe_openapi: Path) -> StripeDocument:
    """Stripe's document, with what is newer."""
    return load(stripe_openapi)
