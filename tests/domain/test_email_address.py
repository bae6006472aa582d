"""What is an e-mail address, decided before anything is sold to its owner."""

import pytest

from email_addresses import REFUSED, TAKEN
from tenant_billing.domain.email_address import is_email_address


@pytest.mark.parametrize("address", TAKEN)
def test_an_address_that_the_things_stack_takes_is_one(address: str) -> None:
    assert is_email_address(address)


@pytest.mark.parametrize("address", REFUSED)
def test_what_the_things_stack_refuses_is_none(address: str) -> None:
    assert not is_email_address(address)
