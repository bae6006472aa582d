"""The life of a plan in phases, and the death of the operator at every write of it."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from crash_life import difference
from crash_points import AFTER, BEFORE, Identity, Point, marks, points_of, writes_since
from manifests import a
from running_product import LOOK_INTERVAL, Manifest, Product, condition, is_observed
from tenant_billing_sandbox.service.faults import Fault
from waiting import PATIENCE, wait_for

PLURAL: Final = "billingplans"
PLAN: Final = "tenantbilling.dev/plan"
_ID: Final = re.compile(r"\b(prod|price|mtr)_[0-9A-Za-z]+")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@dataclass(frozen=True)
class PlanIdentity(Identity):
    """What names a plan in the calls that are about it, as far as it exists outside.

    Attributes:
        product: Its product's id.
        former: The id of its first price.
        current: The id of its second price.
    """

    product: str = ""
    former: str = ""
    current: str = ""


@dataclass(frozen=True)
class PlanPhase:
    """One thing that happens to a plan: what people do, and how it is seen that all was carried out."""

    name: str
    begin: Callable[[Product, str], Awaitable[None]]
    is_done: Callable[[Manifest | None], bool]


def a_metered_plan(name: str) -> Manifest:
    """A plan with a product, a meter and a price of its own."""
    price = {"metered": {"currency": "EUR", "unitAmount": 50, "interval": "Month"}}
    return a("BillingPlan", {"metadata.name": name, "spec.price": price, "spec.displayName": name})


async def _create(product: Product, name: str) -> None:
    await product.apply(a_metered_plan(name))


async def _change_amount(product: Product, name: str) -> None:
    await product.change(name, {"spec": {"price": {"metered": {"unitAmount": 60}}}}, plural=PLURAL)


async def _delete(product: Product, name: str) -> None:
    await product.delete(name, plural=PLURAL)


def _is_sold_at(shown: str) -> Callable[[Manifest | None], bool]:
    def is_so(plan: Manifest | None) -> bool:
        ready = plan is not None and is_observed(plan) and condition(plan) == ("True", "Available")
        return plan is not None and ready and plan["status"].get("displayPrice") == shown

    return is_so


PHASES: Final = (
    PlanPhase("create", _create, _is_sold_at("EUR 0.50 / device / month")),
    PlanPhase("change the amount", _change_amount, _is_sold_at("EUR 0.60 / device / month")),
    PlanPhase("delete", _delete, lambda plan: plan is None),
)


def identity_of(product: Product, name: str) -> PlanIdentity:
    """The identity of a plan as far as it exists outside."""
    products, prices = (_of_plan(product, kind, name) for kind in ("product", "price"))
    ids = [each["id"] for each in prices] + ["", ""]
    return PlanIdentity(name, product=products[0]["id"] if products else "", former=ids[0], current=ids[1])


def _of_plan(product: Product, kind: str, name: str) -> list[Manifest]:
    return [each for each in product.stripe_objects(kind) if each["metadata"].get(PLAN) == name]


async def picture(product: Product, name: str) -> dict[str, Any]:
    """Everything that stands for a plan, without times, and ids by kind only."""
    plan = await product.get(name, plural=PLURAL)
    status = dict((plan or {}).get("status", {}))
    for of_the_request in ("lastHandledReconcile", "observedGeneration"):
        status.pop(of_the_request, None)
    told = [[each["type"], each["status"], each["reason"]] for each in status.pop("conditions", [])]
    meters = [each for each in product.stripe_objects("billing.meter") if each["event_name"].endswith(name)]
    seen = {
        "object": None if plan is None else [plan["metadata"].get("finalizers", []), status, sorted(told)],
        "products": [[each["name"], each["active"]] for each in _of_plan(product, "product", name)],
        "meters": [[each["event_name"], each["status"]] for each in meters],
        "prices": [
            [each["unit_amount"], each["active"], each["lookup_key"], each["recurring"]["meter"]]
            for each in _of_plan(product, "price", name)
        ],
    }
    text = json.dumps(seen, sort_keys=True).replace(name, "<name>")
    normal: dict[str, Any] = json.loads(_TIME.sub("<time>", _ID.sub(r"<\1>", text)))
    return normal


async def until(product: Product, names: Sequence[str], phase: PlanPhase) -> None:
    """Wait until a phase is done for all plans named."""

    async def look() -> bool:
        found = await asyncio.gather(*(product.get(name, plural=PLURAL) for name in names))
        undone = {name: plan for name, plan in zip(names, found, strict=True) if not phase.is_done(plan)}
        assert not undone, f"{len(undone)} of {len(names)}: {json.dumps(next(iter(undone.values())))}"
        return True

    await wait_for(look, f"{phase.name} to be done", PATIENCE, LOOK_INTERVAL)


@dataclass(frozen=True)
class PlanCase:
    """One kill: the write that it hits, and before or after it."""

    point: Point
    side: str

    def hold(self, product: Product, name: str) -> Fault:
        """Hold the write of one plan."""
        return self.point.hold(product, identity_of(product, name), self.side)


async def record(product: Product, name: str) -> tuple[dict[str, list[PlanCase]], dict[str, dict[str, Any]]]:
    """Let one plan live undisturbed: every write of each phase as a case, and what stood at its end."""
    cases, pictures = {}, {}
    for phase in PHASES:
        since = marks(product)
        await phase.begin(product, name)
        await until(product, [name], phase)
        await product.until_quiet()
        points = points_of(writes_since(product, since), identity_of(product, name))
        cases[phase.name] = [PlanCase(point, side) for point in points for side in (BEFORE, AFTER)]
        pictures[phase.name] = await picture(product, name)
    return cases, pictures


async def die_at(product: Product, phase: PlanPhase, cases: Sequence[PlanCase], names: Sequence[str]) -> None:
    """Kill the operator while each of some plans stands at another write of a phase, and let it start again.

    On a machine that is busy, a call that was held first may be given up before the last one is held: to that plan the
    answer is lost first, and the operator dies after.
    """
    held = dict(zip(names, cases, strict=False))
    faults = {case: case.hold(product, name) for name, case in held.items()}
    for name in names:
        await phase.begin(product, name)

    def all_held() -> bool:
        missing = [
            f"{phase.name}: {case.side}: {case.point}"
            for case, fault in faults.items()
            if case.point.is_certain and not fault.has_held.is_set()
        ]
        assert not missing, missing
        return True

    await wait_for(all_held, "every write to be held", PATIENCE)
    await product.kill()
    await product.environment.start_operator()
    await until(product, names, phase)
    await product.until_quiet()


async def wrong(product: Product, expected: dict[str, Any], names: Sequence[str]) -> list[str]:
    """Where plans differ from the undisturbed one."""
    seen = [await picture(product, name) for name in names]
    return [
        f"{name}: {line}"
        for name, each in zip(names, seen, strict=True)
        for line in difference(expected, each)
    ]
