"""What of a TenantSubscription's outside is read again in a pass: what somebody told of, and what a write needs."""

from dataclasses import replace

from tenant_billing.api.names import Annotation
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.domain.remembered import waits_for_corrected_data
from tenant_billing.domain.world import Fresh, World
from tenant_billing.ports import OnTurn
from tenant_billing.reconcilers.nudges import Nudges
from tenant_billing.reconcilers.reporting import Surroundings
from tenant_billing.reconcilers.subscription_reading import SubscriptionReader


class FreshReader:
    """Reads as much as is asked for, and nothing twice for one decision."""

    def __init__(self, surroundings: Surroundings, reader: SubscriptionReader) -> None:
        self._resources = surroundings.resources
        self._reader = reader
        self._nudges = Nudges(surroundings.resources, surroundings.seen_events)

    def note(self, resource: TenantSubscription) -> None:
        """Take in what the annotations of an object ask for."""
        self._nudges.note(resource)

    async def read(self, resource: TenantSubscription) -> World:
        """Read the world: afresh where somebody said that something changed outside."""
        on_turn = self._noting_nudges_of(resource)
        fresh = self._nudges.what_to_read(resource)
        if waits_for_corrected_data(resource):
            fresh |= Fresh.PAYMENTS
        world = await self._reader.read(resource, fresh=fresh, on_turn=on_turn)
        if Fresh.PAYMENTS not in world.fresh and self._reader.is_stale(world):
            world = await self._reader.read(resource, fresh=Fresh.PAYMENTS, on_turn=on_turn)
        if Fresh.PAYMENTS in world.fresh and _was_answered(world):
            self._nudges.were_read(resource)
        return world

    def lacks_something(self, world: World) -> bool:
        """Whether something must be read before anything is written outside."""
        return world.fresh is not Fresh.EVERYTHING or self._reader.is_stale(world)

    async def read_the_rest(self, world: World, *, urgent: bool) -> World:
        """The world with everything read afresh: what was read for this very decision is not asked for again.

        Args:
            world: What is known.
            urgent: Whether it goes before what can wait: as the write does that it is for.
        """
        missing = Fresh.EVERYTHING & ~world.fresh
        if self._reader.is_stale(world):
            missing |= Fresh.PAYMENTS
        again = await self._reader.read(world.resource, fresh=missing, urgent=urgent)
        return replace(
            again,
            fresh=Fresh.EVERYTHING,
            looked=world.looked,
            held=world.held,
            refusal=world.refusal,
        )

    def was_edited(self, world: World) -> bool:
        """Whether a person has said something else since: reads may have waited long for their turn."""
        metadata = world.resource.metadata
        newest = self._resources.subscription(metadata.namespace or "", metadata.name)
        return newest is None or _wish_of(newest) != _wish_of(world.resource)

    def forget(self, resource: TenantSubscription) -> None:
        """Drop what is remembered of an object that is gone."""
        self._nudges.forget(resource)

    def _noting_nudges_of(self, resource: TenantSubscription) -> OnTurn:
        """Take in what has come until a request's turn: the answer covers it, so that it needs no other request."""
        metadata = resource.metadata

        def note() -> None:
            newest = self._resources.subscription(metadata.namespace or "", metadata.name)
            if newest is not None and newest.metadata.uid == metadata.uid:
                self._nudges.note(newest)

        return note


def _was_answered(world: World) -> bool:
    """Whether everything that was asked for again was answered."""
    tenant_is_known = Fresh.TENANT not in world.fresh or world.registry_problem is None
    return world.provider_problem is None and tenant_is_known


def _wish_of(resource: TenantSubscription) -> tuple[object, ...]:
    """What a person wants of an object: its spec, its end, and the annotations that decide."""
    metadata = resource.metadata
    decisive = (metadata.annotations.get(each) for each in (Annotation.PAUSED, Annotation.RESUBSCRIBE))
    return metadata.uid, metadata.generation, metadata.is_being_deleted, *decisive
