"""An operator in the test's own process, with a reconciler that only notes what it is asked to look at."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tenant_billing.api.names import KINDS
from tenant_billing.metrics.instruments import Instruments
from tenant_billing.ports import Clock, Cluster, Fence, ObjectKey, Outcome, Queue, Resources
from tenant_billing.settings import Settings
from tenant_billing.wiring import Loop, Operator, Ports


@dataclass
class NotingReconciler:
    """Notes every pass and the object that it saw, and how many subscriptions of a plan the store held at each."""

    resources: Resources
    plan: str
    passes: list[ObjectKey] = field(default_factory=list)
    metadata: list[Mapping[str, Any]] = field(default_factory=list)
    plan_sizes: list[int] = field(default_factory=list)

    async def reconcile(self, key: ObjectKey) -> Outcome:
        self.passes.append(key)
        self.metadata.append((self.resources.body(key) or {}).get("metadata", {}))
        self.plan_sizes.append(len(self.resources.subscriptions_of_plan(self.plan)))
        return Outcome("settled")

    def count(self, key: ObjectKey) -> int:
        return self.passes.count(key)

    def seen(self, key: ObjectKey) -> list[Mapping[str, Any]]:
        """The metadata of an object, as each pass over it saw them."""
        return [seen for each, seen in zip(self.passes, self.metadata, strict=True) if each == key]


@dataclass
class RunningOperator:
    """What a test sees of it."""

    ports: Ports
    loops: list[NotingReconciler]
    stop: asyncio.Event

    @property
    def reconciler(self) -> NotingReconciler:
        """That of the present leadership."""
        return self.loops[-1]

    def passes_in(self, namespace: str) -> list[ObjectKey]:
        """Other tests leave objects behind; each has its own namespace."""
        return [key for key in self.reconciler.passes if key.namespace == namespace]


@asynccontextmanager
async def running_operator(
    kubeconfig: Path,
    namespace: str,
    *,
    plan: str = "starter",
    identity: str = "one",
    roll_call_interval: float = 60.0,
) -> AsyncIterator[RunningOperator]:
    """Run an operator on free ports; its Lease lies in the namespace, so that tests do not compete for it."""
    settings = Settings(
        namespace=namespace,
        kubeconfig=kubeconfig,
        host="127.0.0.1",
        port=0,
        probe_port=0,
        identity=identity,
        roll_call_interval=roll_call_interval,
        lease_duration=6.0,
        stop_timeout=5.0,
    )
    loops: list[NotingReconciler] = []

    def build_loop(
        resources: Resources, _: Cluster, __: Queue, clock: Clock, ___: Instruments, ____: Fence
    ) -> Loop:
        loops.append(NotingReconciler(resources, plan))
        return Loop({kind.kind: loops[-1] for kind in KINDS}, lambda _: clock.now(), _nothing_to_close)

    stop, listening = asyncio.Event(), asyncio.Event()
    ports: list[Ports] = []

    def note(opened: Ports) -> None:
        ports.append(opened)
        listening.set()

    task = asyncio.create_task(Operator(settings, build_loop).run(stop, note))
    task.add_done_callback(lambda _: listening.set())
    try:
        await listening.wait()
        if task.done():
            await task
        yield RunningOperator(ports[0], loops, stop)
    finally:
        stop.set()
        await task


async def _nothing_to_close() -> None:
    """The noting reconciler has no connections."""
