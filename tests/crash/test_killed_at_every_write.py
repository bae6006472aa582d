"""The operator dies at every write of a tenant's life, before it is sent and after it was committed.

The whole of it runs always where nothing else happens meanwhile; where something does, a seeded tenth
(``TENANT_BILLING_CRASH=all``: everything; ``TENANT_BILLING_CRASH_SEED``: another tenth).
"""

from collections.abc import Sequence

import pytest

from crash_cases import DELETED, EDITED, NOTHING, Recording, cases_of, live
from crash_life import PAID_BY_THE_YEAR, PHASES, difference, picture
from running_product import Product
from tenant_billing_sandbox.service.faults import Fault
from waiting import wait_for

pytestmark = [pytest.mark.crash, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(1200)]

WRITTEN_IN = {
    "billingbackends": "create",
    "billingplans": "change plan",
    f"billingplans/{PAID_BY_THE_YEAR['metadata.name']}": "fall behind",
    "thingsstackclusters": "suspend",
}
"""The phase in which tenants surely have something shared written, by its resource, or by that and its name: a count, a
cursor, the brake."""


async def test_every_write_outside_that_is_audited_is_a_point_to_be_killed_at(recording: Recording) -> None:
    points = [each for points in recording.points.values() for each in points]
    outside = [each for each in points if each.system != "Kubernetes"]
    assert len(outside) == len(recording.operations)
    assert {each.system for each in points} == {"Kubernetes", *(system for system, _ in recording.operations)}


async def test_killed_at_every_write_all_ends_as_if_undisturbed(
    product: Product, recording: Recording
) -> None:
    """For some the spec is edited, or the object is deleted, while the operator is dead."""
    plain = cases_of(recording, NOTHING, whole=True)
    edited, deleted = (cases_of(recording, each, whole=False) for each in (EDITED, DELETED))
    await live(product, recording, "now", [*plain, *edited, *deleted])


async def test_25_hours_pass_while_the_operator_is_dead(product: Product, recording: Recording) -> None:
    """Stripe has forgotten every idempotency key by then."""
    await live(product, recording, "later", cases_of(recording, NOTHING, whole=False), hours_dead=25)


@pytest.mark.parametrize("effect", ["hold_before", "hold_after"])
async def test_killed_while_writing_to_what_all_tenants_share(
    product: Product, recording: Recording, effect: str
) -> None:
    names = [f"shared-{effect.removeprefix('hold_')}-{number}" for number in range(3)]
    done = {}
    for phase in PHASES:
        held = {path for path in recording.shared if _phase_of(path) == phase.name}
        faults = [
            product.script("Kubernetes", effect=effect, path=path, writes=True, times=None) for path in held
        ]
        await phase.begin(product, names)
        if faults:
            await until_held(faults, f"{held} to be written")
            await product.kill()
            await product.environment.start_operator()
        if phase.proceed is not None:
            await phase.proceed(product, names)
        await product.until(names, phase.is_done, phase.name)
        done[phase.name] = held
        for name in names:
            assert difference(recording.pictures[phase.name], await picture(product, name)) == []
    assert set().union(*done.values()) == recording.shared


async def until_held(faults: Sequence[Fault], expected: str) -> None:
    await wait_for(lambda: all(fault.has_held.is_set() for fault in faults), expected)


def _phase_of(path: str) -> str:
    """The phase in which a path such as ``/apis/tenantbilling.dev/v1alpha1/billingplans/growth/status`` is held."""
    resource, name = path.split("/")[4:6]
    return WRITTEN_IN.get(f"{resource}/{name}") or WRITTEN_IN[resource]
