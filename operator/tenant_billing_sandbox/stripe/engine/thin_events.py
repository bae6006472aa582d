"""Thin events: reports on meter events that were accepted and could not be used (stripe.md 4.6)."""

from datetime import UTC, datetime

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.lists import found
from tenant_billing_sandbox.stripe.engine.timeline import DAY
from tenant_billing_sandbox.stripe.operations import Call, operation

TABLE = "v2.core.event"
KEPT_SECONDS = 30 * DAY


def report(account: Account, meter: Object | None, code: str, message: str, identifier: str) -> Object:
    """Report one meter event that cannot be counted; without a meter there is no related object."""
    reason = {
        "error_count": 1,
        "error_types": [
            {
                "code": code,
                "error_count": 1,
                "sample_errors": [{"error_message": message, "request": {"identifier": identifier}}],
            }
        ],
    }
    kind = "error_report_triggered" if meter else "no_meter_found"
    event: Object = {
        "id": account.new_id("evt"),
        "object": TABLE,
        "context": None,
        "created": _rfc_3339(account.now),
        "data": {
            "developer_message_summary": message,
            "reason": reason,
            "validation_start": _rfc_3339(account.now),
            "validation_end": _rfc_3339(account.now + 1),
        },
        "livemode": account.livemode,
        "reason": None,
        "type": f"v1.billing.meter.{kind}",
    }
    if meter:
        event["related_object"] = {
            "id": meter["id"],
            "type": "billing.meter",
            "url": f"/v1/billing/meters/{meter['id']}",
        }
    account.table(TABLE)[event["id"]] = event
    return event


def _rfc_3339(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@operation("GET", "/v2/core/events")
def _list(account: Account, call: Call) -> Object:
    """The thin events of the last 30 days, newest first, on one page of at most ``limit``."""
    types, related = call.params.get("types"), call.params.get("object_id")
    oldest = _rfc_3339(account.now - KEPT_SECONDS)
    since = str((call.params.get("created") or {}).get("gte") or oldest)
    matching = [
        event
        for event in account.table(TABLE).values()
        if max(since, oldest) <= event["created"]
        and (not types or event["type"] in types)
        and related in {None, event.get("related_object", {}).get("id")}
    ]
    page = matching[::-1][: int(call.params.get("limit") or 20)]
    return {"data": page, "next_page_url": None, "previous_page_url": None}


@operation("GET", "/v2/core/events/{}")
def _retrieve(account: Account, call: Call) -> Object:
    return found(account, TABLE, call.path[0], "event")
