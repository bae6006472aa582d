"""Billing meters: only their display name can be changed (stripe.md 1.2, 4.2)."""

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.catalogue.changing import assign, new_object
from tenant_billing_sandbox.stripe.engine.changes import changing
from tenant_billing_sandbox.stripe.engine.lists import found, listing
from tenant_billing_sandbox.stripe.operations import Call, operation
from tenant_billing_sandbox.stripe.problems import invalid


@operation("POST", "/v1/billing/meters")
def create_meter(account: Account, call: Call) -> Object:
    """Make a meter; one event name belongs to one meter."""
    params = call.params
    _check_event_name(account, params["event_name"])
    mapping = params.get("customer_mapping", {"type": "by_id", "event_payload_key": "stripe_customer_id"})
    meter = new_object(account, "billing.meter", account.new_id("mtr")) | {
        "customer_mapping": mapping,
        "default_aggregation": params["default_aggregation"],
        "display_name": params["display_name"],
        "event_name": params["event_name"],
        "event_time_window": params.get("event_time_window"),
        "status": "active",
        "status_transitions": {"deactivated_at": None},
        "updated": account.now,
        "value_settings": params.get("value_settings", {"event_payload_key": "value"}),
    }
    del meter["metadata"]
    account.table("billing.meter")[meter["id"]] = meter
    account.emit("billing.meter.created", meter)
    return meter


@operation("GET", "/v1/billing/meters/{}")
def retrieve_meter(account: Account, call: Call) -> Object:
    """One meter."""
    return found(account, "billing.meter", call.path[0], "meter")


@operation("GET", "/v1/billing/meters")
def list_meters(account: Account, call: Call) -> Object:
    """Meters, newest first; the only filter is the status."""
    status = call.params.get("status")
    matching = (
        meter for meter in account.table("billing.meter").values() if status in {None, meter["status"]}
    )
    return listing("/v1/billing/meters", matching)


@operation("POST", "/v1/billing/meters/{}")
def update_meter(account: Account, call: Call) -> Object:
    """Rename a meter."""
    meter = found(account, "billing.meter", call.path[0], "meter")
    with changing(account, meter, "billing.meter.updated"):
        assign(meter, call.params, ("display_name",))
        meter["updated"] = account.now
    return meter


@operation("POST", "/v1/billing/meters/{}/deactivate")
def deactivate_meter(account: Account, call: Call) -> Object:
    """Stop a meter: it rejects events and cannot be attached to a price."""
    return _switch(account, call.path[0], active=False)


@operation("POST", "/v1/billing/meters/{}/reactivate")
def reactivate_meter(account: Account, call: Call) -> Object:
    """Start a meter again."""
    return _switch(account, call.path[0], active=True)


def _switch(account: Account, identifier: str, *, active: bool) -> Object:
    meter = found(account, "billing.meter", identifier, "meter")
    status = "active" if active else "inactive"
    if meter["status"] == status:
        raise invalid(f"The meter {identifier} is already {status}.")
    if active:
        _check_event_name(account, meter["event_name"])
    with changing(account, meter, "billing.meter.reactivated" if active else "billing.meter.deactivated"):
        meter["status"] = status
        meter["status_transitions"] = {"deactivated_at": None if active else account.now}
        meter["updated"] = account.now
    return meter


def _check_event_name(account: Account, event_name: str) -> None:
    for meter in account.table("billing.meter").values():
        if meter["event_name"] == event_name and meter["status"] == "active":
            raise invalid(
                f"An active meter with the event name {event_name} already exists: {meter['id']}.",
                param="event_name",
                code="resource_already_exists",
            )
