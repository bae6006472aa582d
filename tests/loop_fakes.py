"""What reconcilers of cluster-scoped kinds work with, all of it with a memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hand_clock import HandClock
from kubernetes_memory import KubernetesMemory
from tenant_billing.ports import ObjectKey
from tenant_billing.reconcilers.registries import Registries
from tenant_billing.reconcilers.reporting import Surroundings
from tenant_billing.runtime.resources import ResourceStore


@dataclass
class WaitingKeys:
    """A queue that nobody works off."""

    keys: list[ObjectKey] = field(default_factory=list)

    def add(self, key: ObjectKey, *, urgent: bool = True) -> None:
        self.keys.append(key)

    def names(self) -> set[str]:
        return {str(each) for each in self.keys}


@dataclass
class Loop:
    """Everything that reconcilers of cluster-scoped kinds work with."""

    clock: HandClock = field(default_factory=HandClock)
    queue: WaitingKeys = field(default_factory=WaitingKeys)
    kubernetes: KubernetesMemory = field(default_factory=KubernetesMemory)
    corrections: list[str] = field(default_factory=list)

    @property
    def store(self) -> ResourceStore:
        return self.kubernetes.store

    def surroundings(self) -> Surroundings:
        return Surroundings(
            resources=self.store,
            kubernetes=self.kubernetes,
            queue=self.queue,
            clock=self.clock,
            namespace="billing",
            jitter=lambda: 0.5,
            corrected=self.corrections.append,
        )

    def see(self, *bodies: Mapping[str, Any]) -> None:
        for each in bodies:
            self.store.observe(each)


def registries_of(loop: Loop) -> Registries:
    """Connections to registries, none open yet."""
    return Registries(loop.clock, loop.queue, loop.store, loop.kubernetes)
