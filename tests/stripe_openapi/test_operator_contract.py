"""What the operator sends to Stripe, judged by Stripe's published OpenAPI document and by Stripe's own mock server."""

import inspect
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest

from outside_stubs import SUBJECT, stripe_at
from stripe_contract import connected
from stripe_openapi.additions import ADDITIONS, Parameter
from stripe_openapi.call_table import START
from stripe_openapi.contract import EXCLUDED, answer_faults, assert_contract, request_faults
from stripe_openapi.document import StripeDocument
from stripe_openapi.exchanges import Exchange, recording
from stripe_openapi.operator_calls import CALLS, SILENT
from tenant_billing.domain.errors import OutsideError
from tenant_billing.domain.requests import NewCustomer
from tenant_billing.ports import BillingProvider
from tenant_billing_sandbox.stripe.server import StripeSettings, StripeSimulator

SETTINGS = StripeSettings(rate_limits="none", initial_time=START)
NAMELESS = NewCustomer(None, None, None, None, (), {})
FORM = {"Authorization": "Bearer sk_test_123", "Content-Type": "application/x-www-form-urlencoded"}


async def sent_by(method: str) -> list[Exchange]:
    """What the operator's client sends when a method of the port is called in every way."""
    async with (
        StripeSimulator.serve(SETTINGS) as simulator,
        recording(simulator.url) as recorder,
        stripe_at(recorder.url, key=simulator.api_key) as provider,
        connected(simulator.url, simulator.api_key) as service,
    ):
        await CALLS[method](provider, service)
    return recorder.exchanges


def test_every_method_of_the_port_is_called() -> None:
    methods = {name for name, _ in inspect.getmembers(BillingProvider, inspect.isfunction) if name[0] != "_"}
    assert CALLS.keys() == methods - SILENT


@pytest.mark.parametrize("method", CALLS)
async def test_what_is_sent_is_in_the_document(method: str, document: StripeDocument) -> None:
    exchanges = await sent_by(method)
    assert exchanges
    faults = {
        f"{each}: {fault}": None
        for each in exchanges
        for fault in [*request_faults(document, each), *answer_faults(document, each)]
    }
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("method", CALLS)
async def test_stripe_mock_refuses_nothing_of_it(method: str, stripe_mock: str) -> None:
    refused = []
    async with httpx.AsyncClient(base_url=stripe_mock, headers=FORM, timeout=30) as mock:
        for each in distinct(await sent_by(method)):
            sent = known_to_stripe_mock(each)
            url = f"{each.path}?{sent}" if each.method == "GET" else each.path
            body = "" if each.method == "GET" else sent
            answer = await mock.request(each.method, url, content=body)
            refused += [] if answer.is_success else [f"{each} {each.encoded}: {answer.text}"]
    assert refused == []


def known_to_stripe_mock(exchange: Exchange) -> str:
    """What was sent, without the parameters that the one table says to be newer than stripe-mock's document."""
    operation = f"{exchange.method} {exchange.path}"
    newer = {each.name for each in ADDITIONS if isinstance(each, Parameter) and each.of == operation}
    pairs = parse_qsl(exchange.encoded, keep_blank_values=True)
    return (
        urlencode([(name, value) for name, value in pairs if name not in newer])
        if newer
        else exchange.encoded
    )


def distinct(exchanges: list[Exchange]) -> list[Exchange]:
    """Each of them once; Stripe's mock server knows no v2 (stripe.md 8)."""
    known = (each for each in exchanges if not each.path.startswith(EXCLUDED))
    return list({(each.method, each.path, each.encoded): each for each in known}.values())


async def test_the_simulator_s_own_record_of_such_calls_is_judged_alike(stripe_openapi: Path) -> None:
    async with (
        StripeSimulator.serve(SETTINGS) as simulator,
        stripe_at(simulator.url, key=simulator.api_key) as provider,
        connected(simulator.url, simulator.api_key) as service,
    ):
        for method in ("create_customer", "create_subscription", "change_item", "list_subscriptions"):
            await CALLS[method](provider, service)
        cut = {"effect": "disconnect_before", "method": "POST", "path": "/v1/customers"}
        await service.raw.post("/_sandbox/faults", json=cut)
        with pytest.raises(OutsideError):
            await provider.create_customer(NAMELESS, "key-1", SUBJECT)
        record = (await service.raw.get("/_sandbox/requests")).json()["requests"]
        assert_contract(record, stripe_openapi)
        await service.raw.post("/v1/customers", data={"e_mail": "a@b.example"})
        record = (await service.raw.get("/_sandbox/requests")).json()["requests"]
    with pytest.raises(AssertionError, match="e_mail"):
        assert_contract(record, stripe_openapi)
