"""Meter events through v2: the same event in other clothes (stripe.md 4.2)."""

import dataclasses
from datetime import UTC, datetime

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.operations import OPERATIONS, Call, operation
from tenant_billing_sandbox.stripe.problems import invalid

PLAIN = "/v1/billing/meter_events"


@operation("POST", "/v2/billing/meter_events")
def create_meter_event(account: Account, call: Call) -> Object:
    """Report usage; what v1 takes as seconds and a form comes as RFC 3339 and JSON."""
    params = dict(call.params)
    if "timestamp" in params:
        params["timestamp"] = _seconds(params["timestamp"])
    plain = dataclasses.replace(call, template=PLAIN, params=params)
    event = OPERATIONS[("POST", PLAIN)](account, plain)
    return event | {
        "object": "v2.billing.meter_event",
        "created": _written(event["created"]),
        "timestamp": _written(event["timestamp"]),
    }


def _seconds(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(f"Invalid timestamp: {text}", param="timestamp") from None
    if moment.tzinfo is None:
        raise invalid(f"Invalid timestamp: {text} has no time zone.", param="timestamp")
    return int(moment.timestamp())


def _written(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
