"""Totals by batch: those who ask at the same time share a call, and others whose totals are due come along."""

from collections.abc import Mapping, Sequence

import pytest

from hand_clock import HandClock
from registry_memory import RegistryMemory
from tenant_billing.domain import errors
from tenant_billing.domain.observations import Totals
from tenant_billing.reconcilers.tenant_picture import BATCH, MAY_BE_OLD, TotalsReader

NAMES = [f"t-{number}" for number in range(BATCH + 50)]


class CountingRegistry(RegistryMemory):
    """Notes whom each call asks for; a tenant that is refused fails the whole call."""

    def __init__(self, refused: str = "") -> None:
        super().__init__()
        self.asked: list[list[str]] = []
        self.refused = refused

    async def totals(self, tenant_ids: Sequence[str], *, activated: bool = False) -> Mapping[str, Totals]:
        self.asked.append(list(tenant_ids))
        if self.refused in tenant_ids:
            raise errors.Refused(f"{self.refused} is no tenant")
        return {each: Totals(end_devices=1) for each in tenant_ids}


def a_reader(registry: CountingRegistry, clock: HandClock | None = None) -> TotalsReader:
    return TotalsReader(registry, clock or HandClock(), lambda: NAMES)


async def test_call_for_one_takes_along_as_many_as_there_is_room_for() -> None:
    registry = CountingRegistry()
    reader = a_reader(registry)
    assert await reader.totals("t-7", MAY_BE_OLD) == Totals(end_devices=1)
    assert [len(each) for each in registry.asked] == [BATCH]
    for name in NAMES:
        assert await reader.totals(name, MAY_BE_OLD) == Totals(end_devices=1)
    assert [len(each) for each in registry.asked] == [BATCH, 50]


async def test_totals_that_are_young_enough_do_not_come_along() -> None:
    registry, clock = CountingRegistry(), HandClock()
    reader = a_reader(registry, clock)
    await reader.totals("t-7", MAY_BE_OLD)
    await reader.totals("t-149", MAY_BE_OLD)
    assert await reader.totals("t-7", oldest=0.0) == Totals(end_devices=1)
    assert registry.asked[2:] == [["t-7"]], "a decision asks for its own"
    clock.advance(MAY_BE_OLD + 1)
    await reader.totals("t-7", oldest=0.0)
    assert len(registry.asked[3]) == BATCH


async def test_tenant_that_only_comes_along_costs_nobody_the_answer() -> None:
    registry = CountingRegistry(refused="t-3")
    assert await a_reader(registry).totals("t-7", MAY_BE_OLD) == Totals(end_devices=1)
    assert registry.asked[1:] == [["t-7"]]


async def test_tenant_that_is_refused_itself_has_no_totals() -> None:
    registry = CountingRegistry(refused="t-3")
    with pytest.raises(errors.Refused):
        await a_reader(registry).totals("t-3")
