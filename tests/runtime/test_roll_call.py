"""The roll call: what is gone leaves the store, and the age of the watches is since when both agreed."""

from dataclasses import dataclass, field

from hand_clock import HandClock
from kubernetes_bodies import a_namespace, a_subscription, key, listed, newer
from tenant_billing.domain.errors import Unreachable
from tenant_billing.ports import Listing
from tenant_billing.runtime.resources import Change, ResourceStore
from tenant_billing.runtime.roll_call import RollCall
from virtual_time import run_virtually

ACME = a_subscription("acme")
KINDS = ("TenantSubscription", "Namespace")


@dataclass
class Scene:
    """A store, what was told of it, and an API server that says what it is told to."""

    listing: Listing | Unreachable
    store: ResourceStore = field(default_factory=ResourceStore)
    clock: HandClock = field(default_factory=HandClock)
    changes: list[Change] = field(default_factory=list)
    listings: int = 0

    def __post_init__(self) -> None:
        self.store.listen(self.changes.append)
        self.roll_call = RollCall(self.store, self.list_objects, self.clock)

    async def list_objects(self) -> Listing:
        self.listings += 1
        if isinstance(self.listing, Unreachable):
            raise self.listing
        return self.listing

    def call(self) -> float | None:
        run_virtually(self.roll_call.call())
        return self.roll_call.age


def test_what_the_watches_have_brought_has_no_age_when_both_agree() -> None:
    scene = Scene(listed(ACME))
    assert scene.roll_call.age is None
    scene.store.arrive(newer(ACME))  # a later version than the one listed is as good
    assert scene.call() == 0.0
    scene.clock.advance(61)
    assert scene.roll_call.age == 61.0


def test_a_deletion_that_no_watch_told_is_noticed_and_told() -> None:
    home = a_namespace()
    scene = Scene(listed(kinds=KINDS))
    scene.store.arrive(ACME)
    scene.store.arrive(home)
    scene.changes.clear()
    assert scene.call() == 0.0
    assert [(each.key, each.after) for each in scene.changes] == [(key(ACME), None), (key(home), None)]
    assert scene.store.namespace_labels("tenants") is None


def test_another_object_of_the_same_name_is_not_the_one_that_was_held() -> None:
    scene = Scene(listed(a_subscription("acme", uid="successor")))
    scene.store.arrive(ACME)
    assert scene.call() is None
    assert scene.store.body(key(ACME)) is None


def test_a_kind_that_was_not_listed_loses_nobody() -> None:
    """Its definition is not served while kube-apiserver starts."""
    scene = Scene(listed(kinds=("Namespace",)))
    scene.store.arrive(ACME)
    scene.call()
    assert scene.store.body(key(ACME)) is not None


def test_an_api_server_that_gives_no_answer_loses_nobody_and_the_age_grows() -> None:
    scene = Scene(listed(ACME))
    scene.store.arrive(ACME)
    scene.call()
    scene.listing = Unreachable("no answer")
    scene.clock.advance(150)
    assert scene.call() == 150.0
    assert scene.store.body(key(ACME)) is not None


def test_watches_that_do_not_bring_what_is_listed_grow_old() -> None:
    scene = Scene(listed(ACME))
    scene.store.arrive(ACME)
    scene.call()
    scene.listing, scene.listings = listed(newer(ACME)), 0
    scene.clock.advance(60)
    assert scene.call() == 60.0
    assert scene.listings == 3, "an object that lives shortly is not a late watch"
    scene.store.arrive(newer(ACME))
    assert scene.call() == 0.0


def test_what_arrives_while_the_list_is_made_stays() -> None:
    """It was not there when the list began; its absence from the list says nothing."""

    class Slow(Scene):
        async def list_objects(self) -> Listing:
            self.store.arrive(ACME)
            return listed(kinds=KINDS)

    scene = Slow({})
    assert scene.call() == 0.0
    assert scene.store.body(key(ACME)) is not None
