"""Killing the operator at points of many tenants at once: one SIGKILL finds each tenant at another write."""

import asyncio
import contextlib
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from crash_edits import EDITS, Edit, Ends, record_edits, without_history
from crash_life import PHASES, Phase, difference, picture
from crash_points import AFTER, BEFORE, Point, audited, identity_of, marks, points_of, writes_since
from running_product import Product, is_gone
from tenant_billing_sandbox.service.faults import Fault
from waiting import PATIENCE, wait_for

EVERYTHING: Final = os.environ.get("TENANT_BILLING_CRASH") == "all"
SEED: Final = int(os.environ.get("TENANT_BILLING_CRASH_SEED", "3"))
SHARE: Final = 0.1
MOST_AT_ONCE: Final = 40
"""Tenants in one life: each may hold a connection to kube-apiserver, and the operator has 64."""

NOTHING: Final = "nothing else happens"
EDITED: Final = "the spec is edited"
DELETED: Final = "the object is deleted"


@dataclass(frozen=True)
class Recording:
    """One tenant's life without any disturbance.

    Attributes:
        points: The writes of each phase, by its name.
        pictures: What stood at the end of each.
        edited: What stood after each edit of the spec in each phase.
        shared: The paths of all objects that were written beside the tenant's own.
        operations: System and operation of every audit line about the tenant, as often as there is one.
    """

    points: dict[str, list[Point]] = field(default_factory=dict)
    pictures: dict[str, dict[str, Any]] = field(default_factory=dict)
    edited: Ends = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)
    operations: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Case:
    """One kill.

    Attributes:
        phase: Name of the phase in which it happens.
        point: The write that it hits.
        side: Before or after it.
        meanwhile: What else happens while the operator is dead.
        edit: Where the spec is edited: how.
    """

    phase: str
    point: Point
    side: str
    meanwhile: str = NOTHING
    edit: Edit | None = None

    def __str__(self) -> str:
        edit = f" ({self.edit.name})" if self.edit else ""
        return f"{self.phase}: killed {self.side}: {self.point}; meanwhile {self.meanwhile}{edit}"


async def record(product: Product, name: str) -> Recording:
    """Let one tenant live undisturbed, and note every write; others are edited, and what stands then is noted."""
    recording = Recording()
    for phase in PHASES:
        since = marks(product)
        await phase.begin(product, [name])
        if phase.proceed is not None:
            await phase.proceed(product, [name])
        await product.until([name], phase.is_done, phase.name)
        await product.until_quiet()
        writes, identity = writes_since(product, since), identity_of(product, name)
        recording.points[phase.name] = points_of(writes, identity)
        recording.shared.update(entry.path for _, entry in writes if not identity.is_named_in(entry))
        recording.pictures[phase.name] = await picture(product, name)
    recording.operations.extend(audited(product.log(), name))
    recording.edited.update(await record_edits(product))
    return recording


def cases_of(recording: Recording, meanwhile: str, *, whole: bool) -> list[Case]:
    """Every point of every phase, on both sides; or a seeded tenth of them."""
    dice = random.Random(f"{SEED} {meanwhile}")  # noqa: S311 - no secret
    every = [
        Case(phase, point, side, meanwhile, dice.choice(EDITS) if meanwhile == EDITED else None)
        for phase, points in recording.points.items()
        for point in points
        for side in (BEFORE, AFTER)
    ]
    if whole or EVERYTHING:
        return every
    chosen = dice.sample(every, max(1, round(len(every) * SHARE)))
    return sorted(chosen, key=every.index)


def batches(cases: Sequence[Case]) -> list[list[Case]]:
    """As many lives as are needed so that no phase of one holds too many calls."""
    by_phase = {phase.name: [each for each in cases if each.phase == phase.name] for phase in PHASES}
    number = max(-(-len(of) // MOST_AT_ONCE) for of in by_phase.values())
    return [[each for of in by_phase.values() for each in of[start::number]] for start in range(number)]


async def live(
    product: Product, recording: Recording, prefix: str, cases: Sequence[Case], **how: int
) -> None:
    """Live as many lives as it takes to hit every case."""
    for number, batch in enumerate(batches(cases)):
        await Life(product, recording, f"{prefix}{number}", batch).live(**how)
    unexpected = set(audited(product.log())) - set(recording.operations)
    assert not unexpected, f"writes that no recorded life makes, so that none is killed at: {unexpected}"


class Life:
    """The lives of many tenants in step, each phase of which the operator dies in once."""

    def __init__(self, product: Product, recording: Recording, prefix: str, cases: Sequence[Case]) -> None:
        self._product = product
        self._recording = recording
        self._cases = {phase.name: [each for each in cases if each.phase == phase.name] for phase in PHASES}
        steady = max(len([each for each in of if each.meanwhile == NOTHING]) for of in self._cases.values())
        self._steady = [f"{prefix}-s{number:03}" for number in range(steady)]
        passing = [case for case in cases if case.meanwhile != NOTHING]
        self._passing = {case: f"{prefix}-p{number:03}" for number, case in enumerate(passing)}
        self._alive = [*self._steady, *self._passing.values()]
        self.failures: list[str] = []

    async def live(self, hours_dead: int = 0) -> None:
        """Go through all phases, and judge each at its end."""
        for phase in PHASES:
            if not any(self._cases[each.name] for each in PHASES[PHASES.index(phase) :]):
                return
            await self._go_through(phase, hours_dead)

    async def _go_through(self, phase: Phase, hours_dead: int) -> None:
        product = self._product
        holders = self._holders(phase)
        faults = {case: self._hold(case, name) for case, name in holders.items()}
        await phase.begin(product, self._alive)
        async with _meanwhile(phase, product, self._alive):
            await self._until_held(faults)
            await product.kill()
        await self._while_dead(holders, hours_dead)
        await product.environment.start_operator()
        going = [name for case, name in holders.items() if case.meanwhile == DELETED]
        staying = [name for name in self._alive if name not in going]
        edited = {name: case.edit for case, name in holders.items() if case.edit}
        if phase.proceed is not None:
            await phase.proceed(product, staying)
        await product.until([name for name in staying if name not in edited], phase.is_done, phase.name)
        await product.until(going, is_gone, "gone")
        for name, edit in edited.items():
            await self._until_carried_out(phase, edit, name)
        await product.look_again(
            [name for name in staying if not is_gone(await product.get(name))], phase.name
        )
        await self._judge(phase, holders, hours_dead)
        passed = {name for case, name in holders.items() if case.meanwhile != NOTHING}
        self._alive = [name for name in self._alive if name not in passed]

    def _holders(self, phase: Phase) -> dict[Case, str]:
        """Which tenant each case of the phase happens to."""
        steady = iter(self._steady)
        return {case: self._passing.get(case) or next(steady) for case in self._cases[phase.name]}

    def _hold(self, case: Case, name: str) -> Fault:
        return case.point.hold(self._product, identity_of(self._product, name), case.side)

    async def _until_held(self, faults: dict[Case, Fault]) -> None:
        """Wait until every tenant stands at its point; a nudge may not be needed, because another one came first.

        On a machine that is busy, a call that was held first may be given up before the last one is held: to that
        tenant the answer is lost first, and the operator dies after.
        """

        def held() -> bool:
            missing = [
                str(case)
                for case, fault in faults.items()
                if case.point.is_certain and not fault.has_held.is_set()
            ]
            assert not missing, missing
            return True

        await wait_for(held, "every write to be held", PATIENCE)

    async def _until_carried_out(self, phase: Phase, edit: Edit, name: str) -> None:
        """Wait until all stands as it does where the edit was made without any kill."""

        async def look() -> bool:
            wrong = await self._wrong_after(phase, edit, name)
            assert not wrong, "\n".join(["", *wrong])
            return True

        await wait_for(look, f"{name} in {phase.name} to follow {edit.name}", PATIENCE)

    async def _while_dead(self, holders: dict[Case, str], hours_dead: int) -> None:
        product = self._product
        for case, name in holders.items():
            if is_gone(await product.get(name)):
                continue
            if case.edit:
                await product.change(name, case.edit.change(case.phase))
            elif case.meanwhile == DELETED:
                await product.delete(name)
        if hours_dead:
            for name in self._alive:  # the first invoice can be paid for 23 hours
                if product.subscriptions(name) and not product.has_paid_once(name):
                    await product.pay(name)
            await product.environment.outside.advance(hours_dead * 3600)

    async def _judge(self, phase: Phase, holders: dict[Case, str], hours_dead: int) -> None:
        cases = {name: case for case, name in holders.items()}
        for name in self._alive:
            case = cases.get(name)
            wrong = await self._wrong(phase, name, case, hours_dead)
            self.failures += [f"{case or phase.name} [{name}]: {line}" for line in wrong]
        assert not self.failures, "\n".join(["", *self.failures])

    async def _wrong(self, phase: Phase, name: str, case: Case | None, hours_dead: int) -> list[str]:
        if case and case.meanwhile == DELETED:
            return left_behind(self._product, name)
        if case and case.edit:
            return await self._wrong_after(phase, case.edit, name)
        expected = self._recording.pictures[phase.name]
        seen = await picture(self._product, name)
        if hours_dead:  # what is charged for the rest of a period depends on the hour
            expected, seen = _without_amounts(expected), _without_amounts(seen)
        return difference(expected, seen)

    async def _wrong_after(self, phase: Phase, edit: Edit, name: str) -> list[str]:
        """Where an edited tenant is not as it should be; an object on its way out is not followed any more."""
        end = self._recording.pictures[phase.name]
        expected = self._recording.edited.get((phase.name, edit.name), end)
        return difference(
            without_history(edit, expected), without_history(edit, await picture(self._product, name))
        )


def left_behind(product: Product, name: str) -> list[str]:
    """What a deleted object must not leave behind."""
    wrong = []
    live = [
        each
        for each in product.subscriptions(name)
        if each["status"] not in {"canceled", "incomplete_expired"}
    ]
    if live:
        wrong.append(f"live subscriptions {[each['id'] for each in live]}")
    if len(product.customers(name)) > 1 or len(product.subscriptions(name)) > 1:
        wrong.append("customer or subscription doubled")
    tenant = product.tenant(name)
    if tenant is not None and tenant.get("state") != "STATE_SUSPENDED":
        wrong.append(f"tenant {tenant.get('state')}")
    return wrong


def _without_amounts(seen: dict[str, Any]) -> dict[str, Any]:
    return {**seen, "invoices": [each.rpartition(" ")[0] for each in seen["invoices"]]}


@contextlib.asynccontextmanager
async def _meanwhile(phase: Phase, product: Product, names: Sequence[str]) -> Any:
    """What customers do while the operator works, ended with it."""
    if phase.proceed is None:
        yield
        return
    task = asyncio.ensure_future(phase.proceed(product, names))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
