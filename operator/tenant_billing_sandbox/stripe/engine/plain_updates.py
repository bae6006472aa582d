"""The members of a subscription that an update sets without billing anything."""

from collections.abc import Mapping
from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine import discounts
from tenant_billing_sandbox.stripe.engine.changes import changing, merge_metadata, merged_metadata
from tenant_billing_sandbox.stripe.engine.memory import Memory
from tenant_billing_sandbox.stripe.engine.payment_methods import belonging
from tenant_billing_sandbox.stripe.engine.refusals import check_email, check_tax_location
from tenant_billing_sandbox.stripe.engine.requested_times import check_end, end_of, trial_end
from tenant_billing_sandbox.stripe.engine.standing import TERMINAL, UPDATED
from tenant_billing_sandbox.stripe.engine.subscription_shapes import (
    automatic_tax,
    items_of,
    payment_settings,
    trial_settings,
)
from tenant_billing_sandbox.stripe.engine.timeline import due, schedule, time_of
from tenant_billing_sandbox.stripe.problems import invalid

Params = Mapping[str, Any]
CANCELLATION = frozenset({"cancel_at", "cancel_at_period_end"})


def check_plain(account: Account, subscription: Object, params: Params) -> None:
    """Refuse what cannot be set.

    Raises:
        Problem: 400; stripe.md 7 for attached schedules.
    """
    if subscription["schedule"] and CANCELLATION & set(params):
        raise invalid(
            f"The subscription is managed by the subscription schedule `{subscription['schedule']}`, and updating any "
            "cancellation behavior directly is not allowed. Please update the schedule instead."
        )
    check_end(params, time_of(account, subscription))
    trial_end(params, time_of(account, subscription))
    customer = account.table("customer")[subscription["customer"]]
    check_tax_location(customer, params)
    check_email(customer, params.get("collection_method"))
    ends = params.get("cancel_at") or params.get("cancel_at_period_end") or subscription["cancel_at"]
    if params.get("cancellation_details") and not ends and subscription["status"] not in TERMINAL:
        raise invalid(
            "`cancellation_details` can only be set on subscriptions that are set to cancel.",
            param="cancellation_details",
        )
    merged_metadata(subscription["metadata"], params.get("metadata"))
    discounts.check(account, params.get("discounts"))
    if params.get("default_payment_method"):
        belonging(
            account, params["default_payment_method"], subscription["customer"], "default_payment_method"
        )
    sends = (params.get("collection_method") or subscription["collection_method"]) == "send_invoice"
    if sends and not (params.get("days_until_due") or subscription["days_until_due"]):
        raise invalid(
            "When `collection_method` is `send_invoice`, `days_until_due` is required.",
            param="days_until_due",
        )


def set_plain(account: Account, subscription: Object, params: Params) -> None:
    """Set what was checked; metadata is merged, an empty string unsets (stripe.md 5.1)."""
    merge_metadata(subscription, params.get("metadata"))
    set_settings(subscription, params)
    if "discounts" in params:
        customer = account.table("customer")[subscription["customer"]]
        wanted = params["discounts"]
        subscription["discounts"] = discounts.resolve(account, customer, subscription["id"], wanted)
    if "cancellation_details" in params:
        given = {key: value or None for key, value in params["cancellation_details"].items()}
        subscription["cancellation_details"] |= given
    _set_end(account, subscription, params)
    _set_collection(account, subscription, params)


def set_settings(subscription: Object, params: Params) -> None:
    """Set how a subscription is paid for, as a call or the phase of a schedule says."""
    for name in ("description", "default_payment_method", "collection_method", "days_until_due"):
        if name in params:
            subscription[name] = params[name] if params[name] != "" else None
    if subscription["collection_method"] == "charge_automatically":
        subscription["days_until_due"] = None
    if "payment_settings" in params:
        known = {key: value for key, value in subscription["payment_settings"].items() if value}
        subscription["payment_settings"] = payment_settings(known | params["payment_settings"])
    if "trial_settings" in params:
        subscription["trial_settings"] = trial_settings(params["trial_settings"])
    if "automatic_tax" in params:
        subscription["automatic_tax"] = automatic_tax(params["automatic_tax"])


def _set_end(account: Account, subscription: Object, params: Params) -> None:
    """When the subscription is to end: at its period's end, at a time, or not at all."""
    if not CANCELLATION & set(params):
        return
    plan_end(account, subscription, params)


def plan_end(account: Account, subscription: Object, params: Params) -> None:
    """Note when a subscription is to end, by a wish that was checked, and whether it is credited for unused time."""
    at = end_of(params, items_of(subscription))
    subscription["cancel_at_period_end"] = bool(params.get("cancel_at_period_end"))
    subscription["cancel_at"] = at
    subscription["canceled_at"] = time_of(account, subscription) if at else None
    subscription["cancellation_details"]["reason"] = "cancellation_requested" if at else None
    ends = max(item["current_period_end"] for item in items_of(subscription))
    uncredited = account.part(Memory).ends_uncredited
    uncredited.discard(subscription["id"])
    if at and at < ends and params.get("proration_behavior") == "none":
        uncredited.add(subscription["id"])
    if at:
        schedule(account, subscription, "end_subscription", at)


def _set_collection(account: Account, subscription: Object, params: Params) -> None:
    """Pause or resume the collection of invoices; the status stays as it is (stripe.md 2.1)."""
    if "pause_collection" not in params:
        return
    asked = params["pause_collection"]
    if not asked:
        subscription["pause_collection"] = None
        return
    resumes_at = asked.get("resumes_at") or None
    subscription["pause_collection"] = {"behavior": asked["behavior"], "resumes_at": resumes_at}
    if resumes_at:
        schedule(account, subscription, "resume_collection", int(resumes_at))


@due("resume_collection")
def _resume_collection(account: Account, identifier: str) -> None:
    subscription = account.table("subscription")[identifier]
    paused = subscription["pause_collection"]
    if paused and paused["resumes_at"] and paused["resumes_at"] <= time_of(account, subscription):
        with changing(account, subscription, UPDATED):
            subscription["pause_collection"] = None
