"""A key is sent only where it belongs (api.md, rule 2)."""

import pytest

from outside_stubs import ManualClock
from tenant_billing.clients.stripe_provider import connect_stripe
from tenant_billing.domain.errors import Unauthorized


def _connect(api_key: str, *, api_url: str | None = None, livemode: bool = False) -> None:
    connect_stripe(
        api_key=api_key, api_url=api_url, livemode=livemode, requests_per_second=10, clock=ManualClock()
    )


@pytest.mark.parametrize("key", ["", "pk_test_1", "whsec_1", "sk_test_1 ", "sk_test_1\n", "sk_test_ü", "abc"])
def test_a_value_that_is_no_key_of_stripes_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(Unauthorized) as refused:
        _connect(key)
    assert refused.value.code == "key_form"
    assert not key or key not in str(refused.value)


@pytest.mark.parametrize(("key", "livemode"), [("sk_test_1", True), ("rk_live_1", False)])
def test_a_key_of_the_other_mode_is_refused(key: str, livemode: bool) -> None:
    with pytest.raises(Unauthorized) as refused:
        _connect(key, livemode=livemode)
    assert refused.value.code == "key_mode"


def test_a_live_key_is_refused_for_another_address() -> None:
    with pytest.raises(Unauthorized):
        _connect("sk_live_1", livemode=True, api_url="http://127.0.0.1:1")


@pytest.mark.parametrize("key", ["sk_test_51Abc", "rk_test_51Abc_def"])
def test_secret_and_restricted_keys_are_taken(key: str) -> None:
    _connect(key)
