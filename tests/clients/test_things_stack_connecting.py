"""A tenant admin key is sent only where it belongs (things-stack.md, T-28)."""

import pytest

from outside_stubs import ADMIN_KEY, Answer, ManualClock, Stub, things_stack_at
from tenant_billing.clients.things_stack_registry import connect_things_stack
from tenant_billing.domain.errors import Refused, Unauthorized, Unreachable


def _connect(url: str = "https://lns.example.com", key: str = ADMIN_KEY, ca: str | None = None) -> None:
    connect_things_stack(url=url, admin_key=key, ca_bundle=ca, requests_per_second=10, clock=ManualClock())


@pytest.mark.parametrize(
    "url",
    ["http://lns.example.com", "http://10.0.0.1", "ftp://127.0.0.1", "lns.example.com", "https://u:p@x.y"],
)
def test_a_key_is_sent_by_https_or_on_loopback_only(url: str) -> None:
    with pytest.raises(Refused) as refused:
        _connect(url)
    assert refused.value.field == "url"


@pytest.mark.parametrize(
    "url",
    ["https://[", "https://]x", "https://lns:port", "https://lns:99999", "https://:80", "https://\u2100"],
)
def test_an_address_that_the_schema_admits_and_nobody_can_reach_is_refused(url: str) -> None:
    with pytest.raises(Refused) as refused:
        _connect(url)
    assert refused.value.field == "url"


@pytest.mark.parametrize(
    "url", ["https://lns.example.com/", "http://127.0.0.1:1885", "http://[::1]", "http://localhost"]
)
def test_https_and_loopback_are_taken(url: str) -> None:
    _connect(url)


async def test_what_goes_to_the_loopback_address_goes_through_no_proxy(
    stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", stub.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    stub.will(Answer({}))
    async with things_stack_at("http://127.0.0.1:1") as registry:
        with pytest.raises(Unreachable):
            await registry.probe()
    assert stub.received == []


@pytest.mark.parametrize("key", ["", "0" * 31, "0" * 40, "g" * 32, "0" * 32 + "\n"])
def test_a_value_that_is_no_admin_key_is_refused(key: str) -> None:
    with pytest.raises(Unauthorized):
        _connect(key=key)


@pytest.mark.parametrize("digits", [32, 48, 64])
def test_keys_of_16_24_and_32_bytes_are_taken(digits: int) -> None:
    _connect(key="a0" * (digits // 2))


@pytest.mark.parametrize(
    "bundle", ["", "not PEM", "-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n"]
)
def test_a_bundle_without_certificates_is_refused(bundle: str) -> None:
    with pytest.raises(Refused):
        _connect(ca=bundle)
