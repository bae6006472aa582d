"""Thin events: reports on meter events that were accepted and could not be used (stripe.md 4.6)."""

from datetime import UTC, datetime
from urllib.parse import urlencode

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.lists import found
from tenant_billing_sandbox.stripe.engine.timeline import DAY
from tenant_billing_sandbox.stripe.form import encode
from tenant_billing_sandbox.stripe.operations import Call, operation
from tenant_billing_sandbox.stripe.problems import invalid

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
    """The thin events of the last 30 days, newest first, on pages of at most ``limit`` (stripe.md 3.5)."""
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
    newest_first = matching[::-1]
    start, limit = _start(newest_first, call.params.get("page")), int(call.params.get("limit") or 20)
    page, more = newest_first[start : start + limit], len(newest_first) > start + limit
    following = _url(call, page[-1]["id"]) if more else None
    return {"data": page, "next_page_url": following, "previous_page_url": None}


def _start(newest_first: list[Object], page: str | None) -> int:
    """Where a page begins: behind the last event of the one before, which its address names."""
    ids = [event["id"] for event in newest_first]
    if page is None:
        return 0
    if page not in ids:
        raise invalid("Invalid page token.", param="page")
    return ids.index(page) + 1


def _url(call: Call, last: str) -> str:
    """The address of the page behind an event, with the filters of this one."""
    asked = {name: value for name, value in call.params.items() if name != "page"}
    return f"/v2/core/events?{urlencode(list(encode(asked | {'page': last})))}"


@operation("GET", "/v2/core/events/{}")
def _retrieve(account: Account, call: Call) -> Object:
    return found(account, TABLE, call.path[0], "event")
