"""Webhook endpoints: the secret is shown at creation only, the version fixed then (stripe.md 1.2, 3.2, 3.3)."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.changes import merge_metadata
from tenant_billing_sandbox.stripe.engine.events import type_matches
from tenant_billing_sandbox.stripe.engine.lists import found, listing
from tenant_billing_sandbox.stripe.operations import Call, operation
from tenant_billing_sandbox.stripe.problems import invalid

LONGEST_OVERLAP_SECONDS = 24 * 3600
MOST_ENDPOINTS = 16
"""Of one account in one mode (docs.stripe.com ``development/dashboard/webhooks``)."""


@dataclass
class Secrets:
    """Signing secrets by endpoint id: each with the account time at which it ends, or None."""

    by_endpoint: dict[str, list[tuple[str, int | None]]] = field(default_factory=dict)


def active_secrets(account: Account, endpoint_id: str) -> list[str]:
    """The secrets that sign now, newest first; two while one is being rolled."""
    known = account.part(Secrets).by_endpoint.get(endpoint_id, [])
    return [secret for secret, until in known if until is None or until > account.now]


def roll_secret(account: Account, endpoint_id: str, overlap_seconds: int) -> str:
    """Replace an endpoint's secret, as people do in the Dashboard; the old one signs on for the overlap.

    Raises:
        Problem: 404 for an unknown endpoint, 400 for an overlap of more than 24 hours.
    """
    found(account, "webhook_endpoint", endpoint_id)
    if not 0 <= overlap_seconds <= LONGEST_OVERLAP_SECONDS:
        raise invalid("A secret can stay valid for at most 24 hours.", param="overlap_seconds")
    secret, until = _new_secret(), account.now + overlap_seconds
    old = [(name, until) for name in active_secrets(account, endpoint_id)[:1]]
    account.part(Secrets).by_endpoint[endpoint_id] = [(secret, None), *old]
    return secret


def _new_secret() -> str:
    return f"whsec_{secrets.token_hex(16)}"


def interested(account: Account, type_: str) -> list[Object]:
    """The enabled endpoints that want events of a type."""
    endpoints = account.table("webhook_endpoint").values()
    return [
        endpoint
        for endpoint in endpoints
        if endpoint["status"] == "enabled" and type_matches(type_, endpoint["enabled_events"])
    ]


@operation("POST", "/v1/webhook_endpoints")
def _create(account: Account, call: Call) -> Object:
    params = call.params
    _check_url(account, params)
    if len(account.table("webhook_endpoint")) >= MOST_ENDPOINTS:
        raise invalid(f"You have reached the maximum of {MOST_ENDPOINTS} webhook endpoints.")
    endpoint: Object = {
        "id": account.new_id("we"),
        "object": "webhook_endpoint",
        "api_version": params.get("api_version") or None,
        "application": None,
        "created": account.now,
        "description": params.get("description") or None,
        "enabled_events": list(params["enabled_events"]),
        "livemode": account.livemode,
        "metadata": {},
        "status": "enabled",
        "url": params["url"],
    }
    merge_metadata(endpoint, params.get("metadata"))
    account.table("webhook_endpoint")[endpoint["id"]] = endpoint
    secret = _new_secret()
    account.part(Secrets).by_endpoint[endpoint["id"]] = [(secret, None)]
    return endpoint | {"secret": secret}


def _check_url(account: Account, params: Mapping[str, Any]) -> None:
    url = str(params.get("url") or "")
    if not url.startswith(("https://", "http://")):
        raise invalid("Invalid URL: An explicit scheme (such as https) must be provided.", param="url")
    if account.livemode and not url.startswith("https://"):
        raise invalid("Invalid URL: Webhook urls must begin with https in live mode.", param="url")


@operation("GET", "/v1/webhook_endpoints")
def _list(account: Account, _call: Call) -> Object:
    return listing("/v1/webhook_endpoints", account.table("webhook_endpoint").values())


@operation("GET", "/v1/webhook_endpoints/{}")
def _retrieve(account: Account, call: Call) -> Object:
    return found(account, "webhook_endpoint", call.path[0])


@operation("POST", "/v1/webhook_endpoints/{}")
def _update(account: Account, call: Call) -> Object:
    endpoint, params = found(account, "webhook_endpoint", call.path[0]), call.params
    if "url" in params:
        _check_url(account, params)
    merge_metadata(endpoint, params.get("metadata"))
    endpoint["url"] = params.get("url", endpoint["url"])
    if "enabled_events" in params:
        endpoint["enabled_events"] = list(params["enabled_events"])
    if "description" in params:
        endpoint["description"] = params["description"] or None
    if "disabled" in params:
        endpoint["status"] = "disabled" if params["disabled"] else "enabled"
    return endpoint


@operation("DELETE", "/v1/webhook_endpoints/{}")
def _delete(account: Account, call: Call) -> Object:
    found(account, "webhook_endpoint", call.path[0])
    del account.table("webhook_endpoint")[call.path[0]]
    account.part(Secrets).by_endpoint.pop(call.path[0], None)
    return {"id": call.path[0], "object": "webhook_endpoint", "deleted": True}
