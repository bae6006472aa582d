"""From a move at the period's end to the phases of a Stripe subscription schedule (stripe.md 7).

Phases replace each other whole: what a phase does not name is reset when it starts. So both phases repeat everything
that Stripe put into the first one when it made the schedule, and differ in the one item that moves.
"""

from collections.abc import Mapping
from typing import Any, Final, cast

from stripe import params as wire

from tenant_billing.clients.stripe_fields import Fields, to_fields, to_id, to_list, to_required_id
from tenant_billing.clients.stripe_requests import from_metadata
from tenant_billing.domain import requests
from tenant_billing.domain.errors import Refused

_AS_THEY_ARE: Final = (
    "application_fee_percent",
    "billing_thresholds",
    "collection_method",
    "description",
)
_BY_ID: Final = ("default_payment_method", "on_behalf_of")
_TRANSFER: Final = ("amount_percent", "destination")
_INVOICING: Final = ("account_tax_ids", "custom_fields", "days_until_due", "description", "footer", "issuer")


def from_period_end_move(
    move: requests.PeriodEndMove, schedule: Fields
) -> wire.SubscriptionScheduleUpdateParams:
    """The parameters that plan a move: the present phase as it is, and one more from its end on.

    Args:
        move: What to plan.
        schedule: The schedule as Stripe has it.

    Raises:
        Refused: The subscription is not on the price that is to be moved any more.
    """
    present = _running(schedule)
    if move.former_price_id not in [to_id(item["price"]) for item in to_list(present["items"])]:
        raise Refused(f"the schedule does not hold price {move.former_price_id}", field="phases")
    now = _kept(present) | {"start_date": present["start_date"], "end_date": present["end_date"]}
    if present.get("trial_end"):
        now["trial_end"] = present["trial_end"]
    interval, count = move.interval
    then = _kept(present) | {
        "items": [_moved(item, move) for item in to_list(present["items"])],
        "duration": {"interval": interval, "interval_count": count},
        "proration_behavior": "none",  # nothing is left of the period that ended
        "metadata": from_metadata(move.metadata),
    }
    return cast(
        "wire.SubscriptionScheduleUpdateParams",
        {
            "phases": [now, then],
            "end_behavior": "release",
            "metadata": from_metadata(move.schedule_metadata),
        },
    )


def _running(schedule: Fields) -> Fields:
    """The phase that runs now; phases that are over may be left out of an update."""
    phases = to_list(schedule["phases"])
    began = to_fields(schedule.get("current_phase")).get("start_date")
    return next((phase for phase in phases if phase["start_date"] == began), phases[0])


def _kept(phase: Fields) -> dict[str, Any]:
    """What a phase sets, as parameters of another like it."""
    kept: dict[str, Any] = {name: phase[name] for name in _AS_THEY_ARE if phase.get(name) is not None}
    kept |= {name: identifier for name in _BY_ID if (identifier := to_id(phase.get(name)))}
    kept["items"] = [_item(each) for each in to_list(phase["items"])]
    kept["discounts"] = _discounts(phase)
    kept["default_tax_rates"] = _ids(phase.get("default_tax_rates"))
    if tax := _members(phase.get("automatic_tax"), ("enabled", "liability")):
        kept["automatic_tax"] = tax
    if invoicing := _members(phase.get("invoice_settings"), _INVOICING):
        kept["invoice_settings"] = invoicing
    if transfer := _members(phase.get("transfer_data"), _TRANSFER):
        kept["transfer_data"] = transfer
    return {name: value for name, value in kept.items() if value != []}


def _item(item: Fields) -> dict[str, Any]:
    """An item of a phase as parameters; without its quantity it would become 1."""
    kept: dict[str, Any] = {"price": to_required_id(item["price"])}
    for name in ("billing_thresholds", "quantity"):
        if item.get(name) is not None:
            kept[name] = item[name]
    kept |= {"discounts": _discounts(item), "tax_rates": _ids(item.get("tax_rates"))}
    kept["metadata"] = dict(to_fields(item.get("metadata")))
    return {name: value for name, value in kept.items() if value not in ([], {})}


def _moved(item: Fields, move: requests.PeriodEndMove) -> dict[str, Any]:
    """The item on the new price, or another item as it is."""
    kept = _item(item)
    if kept["price"] != move.former_price_id:
        return kept
    moved = {name: value for name, value in kept.items() if name not in {"quantity", "billing_thresholds"}}
    moved["price"] = move.price_id
    return moved if move.quantity is None else moved | {"quantity": move.quantity}


def _discounts(of: Fields) -> list[dict[str, str]]:
    """Existing discounts are kept by their ids; a coupon of which none was made yet is redeemed as planned."""
    kept = []
    for each in to_list(of.get("discounts")):
        names = ("discount", "coupon", "promotion_code")
        named = next(((name, key) for name in names if (key := to_id(each.get(name)))), None)
        kept += [dict([named])] if named is not None else []
    return kept


def _ids(values: object) -> list[str]:
    return [to_required_id(each) for each in values] if isinstance(values, list) else []


def _members(value: object, names: tuple[str, ...]) -> dict[str, Any]:
    """The members of a nested object that are set, references by their ids."""
    given: Mapping[str, Any] = to_fields(value)
    kept = {name: given[name] for name in names if given.get(name) not in (None, [])}
    return {name: to_id(each) if name == "destination" else each for name, each in kept.items()}
