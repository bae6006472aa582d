"""Keys (stripe.md 5.2 and 9)."""

from collections.abc import AsyncIterator

import httpx
import pytest
import stripe

from stripe_contract import Service, connected, refused, simulated
from tenant_billing_sandbox.stripe.keys import ApiKey, masked
from tenant_billing_sandbox.stripe.server import StripeSettings, StripeSimulator

LIMITED = "rk_test_limited"
SETTINGS = StripeSettings(
    rate_limits="none",
    keys=(
        ApiKey(secret="sk_test_first"),
        ApiKey(secret="sk_live_first"),
        ApiKey(secret="sk_test_other", account="acct_other"),
        ApiKey(secret="sk_test_rolled", expired=True),
        ApiKey(secret=LIMITED, permissions={"product": "read", "customer": "write"}),
    ),
)


@pytest.fixture
async def keyed() -> AsyncIterator[StripeSimulator]:
    async with simulated(SETTINGS) as (keyed, _):
        yield keyed


async def test_a_call_without_a_key_is_unauthorised(service: Service) -> None:
    answer = await service.raw.get("/v1/products", headers={"Authorization": ""})
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert answer.json()["error"]["message"].startswith("You did not provide an API key.")


async def test_an_unknown_key_is_unauthorised_and_not_repeated(service: Service) -> None:
    answer = await service.raw.get(
        "/v1/products", headers={"Authorization": "Bearer sk_test_abcdefghijklmnop1234"}
    )
    assert answer.status_code == 401
    assert "sk_test_abcdefghijklmnop1234" not in answer.text
    assert answer.json()["error"]["message"].startswith("Invalid API Key provided: sk_test_")


async def test_the_sdk_maps_an_unknown_key_to_an_authentication_error(keyed: StripeSimulator) -> None:
    async with connected(keyed.url, "sk_test_unknown") as stranger:
        error = await refused(stranger.client.v1.products.list_async())
    assert isinstance(error, stripe.AuthenticationError)


async def test_an_expired_key_says_so(keyed: StripeSimulator) -> None:
    async with connected(keyed.url, "sk_test_rolled") as stranger:
        error = await refused(stranger.client.v1.products.list_async())
    assert error.error is not None
    assert (error.http_status, error.error.code) == (401, "api_key_expired")


async def test_basic_authentication_takes_the_key_as_user_name(keyed: StripeSimulator) -> None:
    async with httpx.AsyncClient(base_url=keyed.url, auth=("sk_test_first", "")) as plain:
        assert (await plain.get("/v1/account")).status_code == 200


async def test_a_restricted_key_may_do_what_it_has_permission_for(keyed: StripeSimulator) -> None:
    async with connected(keyed.url, LIMITED) as restricted:
        await restricted.client.v1.products.list_async()
        await restricted.client.v1.customers.create_async({"name": "Acme"})
        await restricted.client.v1.customers.list_async()


@pytest.mark.parametrize(
    ("method", "path", "permission"),
    [
        ("POST", "/v1/products", "rak_product_write"),
        ("GET", "/v1/prices", "rak_plan_read"),
        ("DELETE", "/v1/subscriptions/sub_1", "rak_subscription_write"),
        ("GET", "/v1/invoices", "rak_invoice_read"),
    ],
)
async def test_a_missing_permission_is_named(
    keyed: StripeSimulator, method: str, path: str, permission: str
) -> None:
    async with connected(keyed.url, LIMITED) as restricted:
        answer = await restricted.raw.request(method, path)
    assert answer.status_code == 403
    assert f"'{permission}'" in answer.json()["error"]["message"]


async def test_live_and_test_objects_are_apart(keyed: StripeSimulator) -> None:
    async with connected(keyed.url, "sk_test_first") as test, connected(keyed.url, "sk_live_first") as live:
        of_test = await test.client.v1.products.create_async({"name": "A"})
        of_live = await live.client.v1.products.create_async({"name": "B"})
        assert (of_test.livemode, of_live.livemode) == (False, True)
        assert [one.name for one in (await live.client.v1.products.list_async()).data] == ["B"]


async def test_the_account_of_a_key_can_be_asked_for(keyed: StripeSimulator) -> None:
    ids = {}
    for key in ("sk_test_first", "sk_live_first", "sk_test_other"):
        async with connected(keyed.url, key) as caller:
            ids[key] = (await caller.client.v1.accounts.retrieve_current_async()).id
    assert ids["sk_test_first"] == ids["sk_live_first"]
    assert ids["sk_test_other"] == "acct_other"


@pytest.mark.parametrize("secret", ["sk_test", "pk_test_1", "rk_prod_1", "sk_test_"])
def test_what_is_no_key_is_refused_at_the_start(secret: str) -> None:
    with pytest.raises(ValueError, match="looks like"):
        ApiKey(secret=secret)


@pytest.mark.parametrize(
    ("secret", "shown"), [("sk_test_abcdef1234", "sk_test_******1234"), ("abcdef1234", "******1234")]
)
def test_a_key_is_shown_masked(secret: str, shown: str) -> None:
    assert masked(secret) == shown
