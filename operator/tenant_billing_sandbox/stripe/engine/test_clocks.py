"""Test clocks: customers bound to a frozen time of their own (stripe.md 8, Test clocks)."""

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.changes import changing
from tenant_billing_sandbox.stripe.engine.lists import found, listing
from tenant_billing_sandbox.stripe.engine.periods import after, shortest
from tenant_billing_sandbox.stripe.engine.standing import TERMINAL
from tenant_billing_sandbox.stripe.engine.subscription_shapes import items_of
from tenant_billing_sandbox.stripe.engine.timeline import DAY, due, forget, run, schedule
from tenant_billing_sandbox.stripe.operations import Call, operation
from tenant_billing_sandbox.stripe.problems import Problem, invalid

TABLE = "test_helpers.test_clock"
KIND = "test clock"
LIFE_SECONDS = 30 * DAY
BOUND_TABLES = ("subscription", "invoice", "customer", "subscription_schedule")


@operation("POST", "/v1/test_helpers/test_clocks")
def _create(account: Account, call: Call) -> Object:
    if account.livemode:
        raise invalid("Test clocks cannot be used in live mode.")
    clock: Object = {
        "id": account.new_id("clock"),
        "object": TABLE,
        "created": account.now,
        "deletes_after": account.now + LIFE_SECONDS,
        "frozen_time": int(call.params["frozen_time"]),
        "livemode": False,
        "name": call.params.get("name"),
        "status": "ready",
        "status_details": {},
    }
    account.table(TABLE)[clock["id"]] = clock
    account.emit("test_helpers.test_clock.created", clock)
    schedule(account, {"id": clock["id"]}, "delete_test_clock", clock["deletes_after"])
    return clock


@operation("GET", "/v1/test_helpers/test_clocks")
def _list(account: Account, _call: Call) -> Object:
    return listing("/v1/test_helpers/test_clocks", account.table(TABLE).values())


@operation("GET", "/v1/test_helpers/test_clocks/{}")
def _retrieve(account: Account, call: Call) -> Object:
    """The clock; one that advances is found ready by the next look after the one that found it advancing."""
    clock = found(account, TABLE, call.path[0], KIND)
    shown = dict(clock)
    if clock["status"] == "advancing":
        _become_ready(account, clock)
    return shown


@operation("POST", "/v1/test_helpers/test_clocks/{}/advance")
def _advance(account: Account, call: Call) -> Object:
    """Go forward by at most two intervals of the shortest subscription; ``ready`` is told later."""
    clock = found(account, TABLE, call.path[0], KIND)
    until = int(call.params["frozen_time"])
    if clock["status"] == "advancing":
        raise Problem(429, "invalid_request_error", "The test clock is still advancing.", "lock_timeout")
    if until <= clock["frozen_time"]:
        raise invalid("A test clock can only be advanced forward.", param="frozen_time")
    if until > _furthest(account, clock):
        raise invalid(
            "You can advance a test clock by at most two intervals of its shortest subscription.",
            param="frozen_time",
        )
    with changing(account, clock, "test_helpers.test_clock.advancing"):
        clock["status"] = "advancing"
        clock["status_details"] = {"advancing": {"target_frozen_time": until}}
    answer = dict(clock)
    run(account, clock, until)
    schedule(account, {"id": clock["id"]}, "test_clock_ready", account.now)
    return answer


@due("test_clock_ready")
def _ready_in_time(account: Account, identifier: str) -> None:
    clock = account.table(TABLE).get(identifier)
    if clock is not None and clock["status"] == "advancing":
        _become_ready(account, clock)


def _become_ready(account: Account, clock: Object) -> None:
    with changing(account, clock, "test_helpers.test_clock.ready"):
        clock["status"] = "ready"
        clock["status_details"] = {}


def _furthest(account: Account, clock: Object) -> int:
    """Two intervals of the shortest living subscription from now; two years without one."""
    intervals = [
        item["price"]["recurring"]
        for subscription in account.table("subscription").values()
        if subscription["test_clock"] == clock["id"] and subscription["status"] not in TERMINAL
        for item in items_of(subscription)
    ] or [{"interval": "year", "interval_count": 1}]
    least = shortest(intervals)
    return after(clock["frozen_time"], least["interval"], 2 * least["interval_count"])


@operation("DELETE", "/v1/test_helpers/test_clocks/{}")
def _delete(account: Account, call: Call) -> Object:
    found(account, TABLE, call.path[0], KIND)
    return delete(account, call.path[0])


def delete(account: Account, identifier: str) -> Object:
    """Delete a clock and with it every object bound to it."""
    clock = account.table(TABLE).pop(identifier)
    for table in BOUND_TABLES:
        objects = account.table(table)
        for name in [name for name, object_ in objects.items() if object_.get("test_clock") == identifier]:
            del objects[name]
    forget(account, identifier)
    account.emit("test_helpers.test_clock.deleted", clock)
    return {"id": identifier, "object": TABLE, "deleted": True}


@due("delete_test_clock")
def _delete_in_time(account: Account, identifier: str) -> None:
    if identifier in account.table(TABLE):
        delete(account, identifier)
