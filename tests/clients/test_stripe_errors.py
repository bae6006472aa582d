"""Every way in which Stripe or its SDK fails becomes one of the operator's errors (stripe.md 5.2 to 5.4)."""

import inspect
import logging
import sys
import traceback
from collections.abc import Callable
from typing import cast

import pytest
import stripe
from structlog.testing import capture_logs

from outside_stubs import (
    CUT,
    PATIENT,
    STRIPE_KEY,
    SUBJECT,
    Answer,
    Stub,
    stripe_at,
    stripe_error,
)
from tenant_billing.clients.stripe_errors import CallKind, to_outside_error
from tenant_billing.clients.stripe_provider import StripeProvider
from tenant_billing.domain import errors, requests

Kinds = tuple[type[errors.OutsideError], type[errors.OutsideError], type[errors.OutsideError]]


def _same(kind: type[errors.OutsideError]) -> Kinds:
    return (kind, kind, kind)


SERVER_ERROR: Kinds = (errors.Unreachable, errors.Unreachable, errors.StoredFailure)
TABLE: list[tuple[str, Answer, Kinds]] = [
    ("a connection that ends", CUT, _same(errors.Unreachable)),
    ("a refusal", stripe_error(400, "parameter_missing", param="items"), _same(errors.Refused)),
    ("a used key", stripe_error(400, kind="idempotency_error"), _same(errors.KeyReused)),
    ("an old rate limit", stripe_error(400, "rate_limit"), _same(errors.Throttled)),
    ("a taken id", stripe_error(400, "resource_already_exists"), _same(errors.AlreadyExists)),
    ("a reference to nothing", stripe_error(400, "resource_missing"), _same(errors.NotFound)),
    ("a wrong key", stripe_error(401), _same(errors.Unauthorized)),
    ("a declined card", stripe_error(402, "card_declined", kind="card_error"), _same(errors.PaymentDeclined)),
    ("a missing right", stripe_error(403), _same(errors.Forbidden)),
    ("an unknown path", stripe_error(404), _same(errors.Unreachable)),
    ("somebody else's 404", Answer("<html>no such page</html>", 404), _same(errors.Unreachable)),
    ("a conflict", stripe_error(409), _same(errors.Unreachable)),
    ("a key in use", stripe_error(409, "idempotency_key_in_use"), _same(errors.Unreachable)),
    ("a lock", stripe_error(429, "lock_timeout"), _same(errors.Throttled)),
    ("a limit", stripe_error(429), _same(errors.Throttled)),
    ("a limit not in JSON", Answer("slow down", 429), _same(errors.Throttled)),
    ("an unknown refusal", stripe_error(422), _same(errors.Refused)),
    ("a redirect", Answer("", 302, {"Location": "https://elsewhere.example"}), _same(errors.Unreachable)),
    ("a 500", stripe_error(500, kind="api_error"), SERVER_ERROR),
    ("a bad gateway", Answer("<html>", 502), _same(errors.Unreachable)),
    ("an overload", stripe_error(503, kind="api_error"), _same(errors.Unreachable)),
    (
        "a stored 503",
        stripe_error(503, kind="api_error", headers={"Idempotent-Replayed": "true"}),
        SERVER_ERROR,
    ),
    ("a success that is not JSON", Answer("<html>welcome</html>"), _same(errors.Unreachable)),
    ("a success of another shape", Answer({"hello": "world"}), _same(errors.Unreachable)),
    ("an error of another shape", Answer({"error": 7}, 400), _same(errors.Unreachable)),
    ("an error of OAuth", Answer({"error": "invalid_client"}, 401), _same(errors.Unauthorized)),
]
IDS = [name for name, _, _ in TABLE]


async def _read(provider: StripeProvider) -> None:
    await provider.account()


async def _write(provider: StripeProvider) -> None:
    await provider.mark_customer("cus_1", {"a": "b"}, SUBJECT)


async def _keyed_write(provider: StripeProvider) -> None:
    request = requests.NewSubscription(customer_id="cus_1", price_id="price_1", metadata={})
    await provider.create_subscription(request, "key-1", SUBJECT)


@pytest.mark.parametrize(("name", "answer", "kinds"), TABLE, ids=IDS)
async def test_each_failure_has_its_kind(
    provider: StripeProvider, stub: Stub, name: str, answer: Answer, kinds: Kinds
) -> None:
    for call, kind in zip((_read, _write, _keyed_write), kinds, strict=True):
        stub.will(answer)
        with pytest.raises(errors.OutsideError) as raised:
            await call(provider)
        assert type(raised.value) is kind, name
        unknown = call is not _read and isinstance(raised.value, errors.Unreachable)
        assert raised.value.outcome_unknown == unknown


@pytest.mark.parametrize(("name", "answer", "kinds"), TABLE, ids=IDS)
async def test_no_failure_tells_the_key_or_the_answer(
    stub: Stub, caplog: pytest.LogCaptureFixture, name: str, answer: Answer, kinds: Kinds
) -> None:
    caplog.set_level(logging.WARNING)
    stub.will(answer)
    with capture_logs() as lines:
        async with stripe_at(stub.url) as provider:
            with pytest.raises(errors.OutsideError) as raised:
                await _keyed_write(provider)
    told = [
        str(raised.value),
        repr(raised.value),
        str(vars(raised.value)),
        str(raised.value.args),
        "".join(traceback.format_exception(raised.value)),
        repr(provider),
        caplog.text,
        str(lines),
    ]
    for text in told:
        assert STRIPE_KEY not in text
        assert "<html>" not in text
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


@pytest.mark.parametrize(
    "secret",
    ["sk_test_51Abc", "rk_live_abc123", "whsec_abc123", "pi_3_secret_abc123", "sk_test_****abcd"],
)
async def test_a_secret_that_stripe_repeats_is_redacted(
    provider: StripeProvider, stub: Stub, secret: str
) -> None:
    stub.will(stripe_error(401, message=f"Invalid API Key provided: {secret}"))
    with pytest.raises(errors.Unauthorized) as raised:
        await provider.account()
    assert secret not in str(raised.value)
    assert "Invalid API Key provided" in str(raised.value)


async def test_a_failure_says_what_to_look_for(provider: StripeProvider, stub: Stub) -> None:
    stub.will(stripe_error(400, "parameter_missing", param="items", message="Missing required param: items."))
    with pytest.raises(errors.Refused) as raised:
        await _keyed_write(provider)
    error = raised.value
    assert (error.operation, error.code, error.field, error.request_id) == (
        "CreateSubscription",
        "parameter_missing",
        "items",
        "req_9",
    )
    assert str(error) == "Stripe, CreateSubscription: Missing required param: items. (parameter_missing)"


async def test_a_limit_says_which_and_how_long(provider: StripeProvider, stub: Stub) -> None:
    headers = {"Stripe-Rate-Limited-Reason": "endpoint-rate", "Retry-After": "7"}
    stub.will(stripe_error(429, headers=headers))
    with pytest.raises(errors.Throttled) as raised:
        await provider.account()
    assert (raised.value.code, raised.value.retry_after) == ("endpoint-rate", 7.0)


async def test_what_does_not_exist_is_none_for_a_read(provider: StripeProvider, stub: Stub) -> None:
    stub.will(stripe_error(404, "resource_missing"))
    assert await provider.customer("cus_1") is None
    assert await provider.subscription("sub_1") is None
    assert await provider.price("price_1") is None
    assert await provider.product("prod_1") is None
    assert await provider.clock_time("clock_1") is None


async def test_a_404_of_another_kind_is_never_taken_for_an_absent_object(
    provider: StripeProvider, stub: Stub
) -> None:
    stub.will(stripe_error(404))
    with pytest.raises(errors.Unreachable):
        await provider.subscription("sub_1")


def _sdk_errors() -> list[type[stripe.StripeError]]:
    everything = vars(sys.modules[stripe.StripeError.__module__]).values()
    return [each for each in everything if inspect.isclass(each) and issubclass(each, stripe.StripeError)]


EXPECTED_WITHOUT_STATUS: dict[str, type[errors.OutsideError]] = {
    "AuthenticationError": errors.Unauthorized,
    "CardError": errors.PaymentDeclined,
    "IdempotencyError": errors.KeyReused,
    "InvalidRequestError": errors.Refused,
    "PermissionError": errors.Forbidden,
    "RateLimitError": errors.Throttled,
    "TemporarySessionExpiredError": errors.Unauthorized,
}


@pytest.mark.parametrize("sdk_error", _sdk_errors(), ids=lambda each: each.__name__)
@pytest.mark.parametrize("kind", list(CallKind))
def test_the_whole_list_of_the_sdks_errors_is_understood_even_without_a_status(
    sdk_error: type[stripe.StripeError], kind: CallKind
) -> None:
    parameters = inspect.signature(sdk_error).parameters.values()
    needed = {each.name: "" for each in parameters if each.default is inspect.Parameter.empty}
    error = cast("Callable[..., stripe.StripeError]", sdk_error)(**needed)
    translated = to_outside_error(error, "GetAccount", kind)
    assert type(translated) is EXPECTED_WITHOUT_STATUS.get(sdk_error.__name__, errors.Unreachable)


def test_the_sdk_has_errors_at_all() -> None:
    assert len(_sdk_errors()) > 20


async def test_reads_and_keyed_writes_are_tried_again_a_few_times(stub: Stub) -> None:
    found = Answer({"id": "acct_1", "object": "account"})
    async with stripe_at(stub.url, backoff=PATIENT) as provider:
        stub.will(CUT, stripe_error(429), found)
        assert (await provider.account()).id == "acct_1"
        stub.will(stripe_error(429))
        with pytest.raises(errors.Throttled):
            await provider.account()
    assert len(stub.received) == 6


async def test_a_write_is_tried_again_under_the_same_key_and_leaves_one_audit_line(stub: Stub) -> None:
    stub.will(CUT, stripe_error(409), Answer({"id": "cus_1", "object": "customer"}))
    async with stripe_at(stub.url, backoff=PATIENT) as provider:
        request = requests.NewCustomer(None, None, None, None, (), {})
        with capture_logs() as lines:
            await provider.create_customer(request, "key-1", SUBJECT)
    assert [received.headers["Idempotency-Key"] for received in stub.received] == ["key-1"] * 3
    assert [(line["result"], line["attempts"]) for line in lines] == [("Ok", 3)]


@pytest.mark.parametrize(
    "answer",
    [
        stripe_error(500, kind="api_error"),
        stripe_error(400),
        stripe_error(402, kind="card_error"),
        stripe_error(429, headers={"Stripe-Should-Retry": "false"}),
        stripe_error(429, headers={"Retry-After": "60"}),
    ],
    ids=["stored", "refused", "declined", "told not to", "told to wait long"],
)
async def test_what_cannot_help_is_not_tried_again(stub: Stub, answer: Answer) -> None:
    stub.will(answer)
    async with stripe_at(stub.url, backoff=PATIENT) as provider:
        with pytest.raises(errors.OutsideError):
            await _keyed_write(provider)
    assert len(stub.received) == 1
