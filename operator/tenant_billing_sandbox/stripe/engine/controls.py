"""Driving the engine over HTTP under ``/_sandbox/``: time, customers, dunning, webhooks.

The server that answers Stripe's calls adds :func:`routes` to its application.
"""

import dataclasses
import functools
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.cards import Behavior
from tenant_billing_sandbox.stripe.engine.checkout import Buyer, Purchase, check_out, edit_metadata, subscribe
from tenant_billing_sandbox.stripe.engine.clock import advance
from tenant_billing_sandbox.stripe.engine.customer_actions import pay, set_card
from tenant_billing_sandbox.stripe.engine.deliveries import Courier
from tenant_billing_sandbox.stripe.engine.events import Subscribers
from tenant_billing_sandbox.stripe.engine.outbox import Outbox
from tenant_billing_sandbox.stripe.engine.settings import BillingSettings, TerminalAction
from tenant_billing_sandbox.stripe.engine.usage_records import set_usage
from tenant_billing_sandbox.stripe.engine.webhook_endpoints import roll_secret
from tenant_billing_sandbox.stripe.problems import Problem, invalid

Handler = Callable[[web.Request], Awaitable[web.Response]]
Action = Callable[[Account, web.Request, Object], Object]
DELIVERING = ("hold", "drop", "duplicate", "reorder", "ingress")


def routes(account: Account, courier: Courier | None = None) -> list[web.RouteDef]:
    """The control routes.

    Args:
        account: The account they drive.
        courier: Delivers webhooks; it is woken after every action, so that retries follow the clock.
    """
    table: list[tuple[str, str, Action]] = [
        ("GET", "/_sandbox/clock", _clock),
        ("POST", "/_sandbox/clock/advance", _advance),
        ("GET", "/_sandbox/account", _account),
        ("POST", "/_sandbox/account", _set_account),
        ("POST", "/_sandbox/checkout", _checkout),
        ("POST", "/_sandbox/checkout/sessions/{id}", _check_out),
        ("POST", "/_sandbox/subscriptions/{id}/metadata", _metadata),
        ("POST", "/_sandbox/subscription_items/{id}/usage", _set_usage),
        ("POST", "/_sandbox/customers/{id}/pay", _pay),
        ("POST", "/_sandbox/customers/{id}/card", _card),
        ("POST", "/_sandbox/events/lose", _lose),
        ("GET", "/_sandbox/webhooks", _webhooks),
        ("POST", "/_sandbox/webhooks", _set_webhooks),
        ("POST", "/_sandbox/webhooks/{id}/roll", _roll),
    ]
    answer = functools.partial(_answer, account, courier)
    made = [web.route(method, path, functools.partial(answer, action)) for method, path, action in table]
    return [*made, web.post("/_sandbox/webhooks/flush", functools.partial(_flush, courier))]


async def _answer(
    account: Account, courier: Courier | None, action: Action, request: web.Request
) -> web.Response:
    try:
        body = json.loads(await request.text() or "{}")
        if not isinstance(body, dict):
            raise invalid("The body must be a JSON object.")
        return web.json_response(action(account, request, body))
    except Problem as problem:
        return web.json_response(problem.body(), status=problem.status)
    except (ValueError, TypeError) as error:
        return web.json_response(invalid(str(error)).body(), status=400)
    finally:
        if courier is not None:
            courier.wake()


async def _flush(courier: Courier | None, _request: web.Request) -> web.Response:
    attempts = await courier.deliver(flush=True) if courier else 0
    return web.json_response({"attempts": attempts})


def _clock(account: Account, _request: web.Request, _body: Object) -> Object:
    return {"now": account.now}


def _advance(account: Account, _request: web.Request, body: Object) -> Object:
    return {"now": advance(account, int(body["seconds"]) if "seconds" in body else 0)}


def _account(account: Account, _request: web.Request, _body: Object) -> Object:
    settings = dataclasses.asdict(account.part(BillingSettings))
    return {"id": account.id, "livemode": account.livemode, "now": account.now} | settings


def _set_account(account: Account, request: web.Request, body: Object) -> Object:
    known: dict[str, Callable[[Any], Any]] = {
        "terminal_action": TerminalAction,
        "pause_after_first_failure": bool,
        "retry_intervals": lambda value: tuple(int(seconds) for seconds in value),
        "draft_seconds": int,
        "processing_seconds": int,
    }
    _refuse_unknown(body, tuple(known))
    for name, value in body.items():
        setattr(account.part(BillingSettings), name, known[name](value))
    return _account(account, request, body)


def _pay(account: Account, request: web.Request, body: Object) -> Object:
    return pay(account, request.match_info["id"], Behavior(body.get("behavior", "succeeds")))


def _checkout(account: Account, _request: web.Request, body: Object) -> Object:
    return subscribe(account, Purchase(**body))


def _check_out(account: Account, request: web.Request, body: Object) -> Object:
    return check_out(account, request.match_info["id"], Buyer(**body))


def _metadata(account: Account, request: web.Request, body: Object) -> Object:
    return edit_metadata(account, request.match_info["id"], body)


def _set_usage(account: Account, request: web.Request, body: Object) -> Object:
    return set_usage(account, request.match_info["id"], **body)


def _card(account: Account, request: web.Request, body: Object) -> Object:
    behavior = body.get("behavior")
    chosen = None if behavior in {None, "none"} else Behavior(behavior)
    return {"object": "list", "data": set_card(account, request.match_info["id"], chosen)}


def _lose(account: Account, _request: web.Request, body: Object) -> Object:
    account.part(Subscribers).lose_next = int(body.get("count", 1))
    return {"lose_next": account.part(Subscribers).lose_next}


def _webhooks(account: Account, _request: web.Request, _body: Object) -> Object:
    outbox = account.part(Outbox)
    waiting = [
        {
            "event": delivery.event,
            "endpoint": delivery.endpoint,
            "attempt": delivery.attempt,
            "at": delivery.at,
        }
        for delivery in outbox.waiting
    ]
    return {name: getattr(outbox, name) for name in DELIVERING} | {"waiting": waiting}


def _set_webhooks(account: Account, request: web.Request, body: Object) -> Object:
    _refuse_unknown(body, DELIVERING)
    outbox = account.part(Outbox)
    for name, value in body.items():
        setattr(outbox, name, type(getattr(outbox, name))(value))
    return _webhooks(account, request, body)


def _roll(account: Account, request: web.Request, body: Object) -> Object:
    return {"secret": roll_secret(account, request.match_info["id"], int(body.get("overlap_seconds", 0)))}


def _refuse_unknown(body: dict[str, Any], known: tuple[str, ...]) -> None:
    unknown = sorted(set(body) - set(known))
    if unknown:
        raise invalid(f"Unknown settings: {', '.join(unknown)}; known are {', '.join(known)}.")
