"""Meter events: accepted at once, checked and counted as Stripe does (stripe.md 4.1, 4.2, 4.6)."""

from decimal import Decimal, InvalidOperation

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.lists import found, listing
from tenant_billing_sandbox.stripe.engine.thin_events import report
from tenant_billing_sandbox.stripe.engine.timeline import DAY, time_of
from tenant_billing_sandbox.stripe.engine.usage import WINDOWS, Reading, Readings, aggregate, within
from tenant_billing_sandbox.stripe.operations import Call, operation
from tenant_billing_sandbox.stripe.problems import invalid

OLDEST_SECONDS = 35 * DAY
NEWEST_SECONDS = 300
IDENTIFIER_SECONDS = DAY
MOST_DIGITS = 15
MINUTE = 60


@operation("POST", "/v1/billing/meter_events")
def _create(account: Account, call: Call) -> Object:
    """Accept an event of the right shape; what else is wrong with it is told later, by a thin event (4.6)."""
    params = call.params
    name, payload = str(params["event_name"]), {key: str(value) for key, value in params["payload"].items()}
    meter = _meter_of(account, name)
    key = meter["customer_mapping"]["event_payload_key"] if meter else "stripe_customer_id"
    customer = account.table("customer").get(payload.get(key, ""), {})
    now = time_of(account, customer)
    timestamp = _timestamp(int(params.get("timestamp") or now), now)
    identifier = _identifier(account, params.get("identifier"), now)
    mistake = _mistake(meter, payload, key, customer)
    if mistake is not None:
        report(account, meter, *mistake, identifier)
    elif meter is not None:
        reading = Reading(timestamp, 0, _value(meter, payload) or Decimal(0), identifier, now)
        _keep(account, (name, customer["id"]), reading)
    return {
        "object": "billing.meter_event",
        "created": now,
        "event_name": name,
        "identifier": identifier,
        "livemode": account.livemode,
        "payload": payload,
        "timestamp": timestamp,
    }


def _meter_of(account: Account, event_name: str) -> Object | None:
    """The meter of an event name."""
    for meter in account.table("billing.meter").values():
        if meter["event_name"] == event_name:
            return meter
    return None


def _mistake(
    meter: Object | None, payload: dict[str, str], key: str, customer: Object
) -> tuple[str, str] | None:
    """Why an event cannot be counted: code and message of its report; None if it can."""
    if meter is None:
        return "no_meter", "No meter was found for the event name."
    if meter["status"] != "active":
        return "archived_meter", "The meter is inactive."
    if key not in payload:
        return "meter_event_no_customer_defined", f"The payload has no `{key}`."
    if not customer or customer.get("deleted"):
        return "meter_event_customer_not_found", f"No such customer: {payload[key]}."
    value = _value(meter, payload)
    if value is None:
        return "meter_event_invalid_value", "The value is missing or not a number."
    if len(value.as_tuple().digits) > MOST_DIGITS:
        return "meter_event_value_too_many_digits", "The value has too many digits."
    return None


def _keep(account: Account, key: tuple[str, str], reading: Reading) -> None:
    readings = account.part(Readings)
    readings.arrivals += 1
    counted = Reading(
        reading.timestamp, readings.arrivals, reading.value, reading.identifier, reading.received
    )
    readings.by_customer.setdefault(key, []).append(counted)


def _timestamp(timestamp: int, now: int) -> int:
    if timestamp < now - OLDEST_SECONDS:
        raise invalid("The timestamp must be within the past 35 calendar days.", param="timestamp")
    if timestamp > now + NEWEST_SECONDS:
        raise invalid("The timestamp cannot be more than 5 minutes in the future.", param="timestamp")
    return timestamp


def _identifier(account: Account, given: str | None, now: int) -> str:
    """An identifier is unique for 24 hours rolling, and no longer."""
    readings = account.part(Readings)
    identifier = str(given or account.new_id("meter_event"))
    seen = readings.identifiers.get(identifier)
    if seen is not None and now - seen < IDENTIFIER_SECONDS:
        raise invalid(
            f"An event already exists with identifier {identifier}.",
            param="identifier",
            code="duplicate_meter_event",
        )
    readings.identifiers[identifier] = now
    return identifier


def _value(meter: Object, payload: dict[str, str]) -> Decimal | None:
    """The number that an event reports; None where it is missing or none."""
    if meter["default_aggregation"]["formula"] == "count":
        return Decimal(1)
    try:
        value = Decimal(payload[meter["value_settings"]["event_payload_key"]])
    except (KeyError, InvalidOperation):
        return None
    return value if value.is_finite() else None


@operation("POST", "/v1/billing/meter_event_adjustments")
def _adjust(account: Account, call: Call) -> Object:
    """Cancel an event within 24 hours of its receipt; a finalised invoice is not changed by it."""
    name = str(call.params["event_name"])
    identifier = str((call.params.get("cancel") or {}).get("identifier", ""))
    for (event_name, customer_id), readings in account.part(Readings).by_customer.items():
        now = time_of(account, account.table("customer").get(customer_id, {}))
        for reading in [one for one in readings if event_name == name and one.identifier == identifier]:
            if now - reading.received >= IDENTIFIER_SECONDS:
                raise invalid("Meter events can be cancelled within 24 hours of their receipt only.")
            readings.remove(reading)
            return {
                "object": "billing.meter_event_adjustment",
                "cancel": {"identifier": identifier},
                "event_name": name,
                "livemode": account.livemode,
                "status": "pending",
                "type": "cancel",
            }
    raise invalid(f"No meter event with identifier {identifier}.", param="cancel[identifier]")


@operation("GET", "/v1/billing/meters/{}/event_summaries")
def _summaries(account: Account, call: Call) -> Object:
    """What a customer's events add up to: in all, or by hour or day; newest first (stripe.md 4.2)."""
    meter = found(account, "billing.meter", call.path[0], "meter")
    params = call.params
    start, end = int(params["start_time"]), int(params["end_time"])
    size = WINDOWS.get(params.get("value_grouping_window") or "", 0)
    step = size or MINUTE
    if start % step or end % step or start >= end:
        raise invalid(f"The times must be on boundaries of {step} seconds, in order.", param="start_time")
    spans = [(at, min(at + size, end)) for at in range(start, end, size)] if size else [(start, end)]
    summaries = [_summary(account, meter, str(params["customer"]), *span) for span in spans]
    kept = [summary for summary in summaries if summary is not None]
    return listing(f"/v1/billing/meters/{meter['id']}/event_summaries", kept)


def _summary(account: Account, meter: Object, customer: str, start: int, end: int) -> Object | None:
    readings = within(account, meter, customer, start, end)
    if not readings:
        return None
    value = aggregate(meter, readings)
    return {
        "id": f"mtrusg_{meter['id']}_{customer}_{start}_{end}",
        "object": "billing.meter_event_summary",
        "aggregated_value": int(value) if value == value.to_integral_value() else float(value),
        "end_time": end,
        "livemode": account.livemode,
        "meter": meter["id"],
        "start_time": start,
    }
