"""A delivery that tells nothing, signed as Stripe would sign it: whether the operator is there, and takes it."""

import json
from typing import Final

import httpx

from tenant_billing.clients.stripe_webhook import signature_of
from tenant_billing.commands.outside_answers import PATIENCE
from tenant_billing.domain.diagnosis.results import Unreadable
from tenant_billing.domain.diagnosis.webhook import Ping
from tenant_billing.ports import Clock

EVENT_TYPE: Final = "tenantbilling.doctor"
"""No type of Stripe's: the operator verifies the delivery and drops it, nothing is stored."""


async def ping(url: str, secret_name: str, secret: str, clock: Clock, *, livemode: bool) -> Ping:
    """Deliver it once; only the signature leaves, never the secret.

    Args:
        url: An endpoint's address.
        secret_name: The Secret, for people.
        secret: What to sign with.
        clock: The time of the signature.
        livemode: Of the account.
    """
    moment = int(clock.now().timestamp())
    subject = {"id": "doctor", "object": "doctor"}
    event = {
        "id": "evt_doctor",
        "object": "event",
        "type": EVENT_TYPE,
        "created": moment,
        "livemode": livemode,
        "data": {"object": subject},
    }
    payload = json.dumps(event).encode()
    headers = {"Content-Type": "application/json", "Stripe-Signature": signature_of(payload, moment, secret)}
    try:
        async with httpx.AsyncClient(timeout=PATIENCE, follow_redirects=False) as client:
            answer = await client.post(url, content=payload, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Ping(url, secret_name, Unreadable(type(error).__name__))
    return Ping(url, secret_name, answer.status_code)
