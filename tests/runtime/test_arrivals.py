"""When the store is complete: nothing is looked at before the watches have brought what the API server names."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from kubernetes_bodies import a_subscription, key, listed, newer
from tenant_billing.domain.errors import Unreachable
from tenant_billing.ports import Listing, ObjectKey, Outcome
from tenant_billing.runtime.arrivals import GATHERING, Arrivals
from tenant_billing.runtime.resources import ResourceStore
from tenant_billing.runtime.work_queue import WorkQueue
from virtual_time import run_virtually


@dataclass
class ApiServer:
    """Answers to one listing after another; the last one stands."""

    answers: list[Listing | Unreachable]
    asked: int = field(default=0)

    async def existing(self) -> Listing:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        if isinstance(answer, Unreachable):
            raise answer
        return answer


@dataclass
class Scene:
    """Arrivals at work."""

    server: ApiServer
    queue: WorkQueue = field(default_factory=WorkQueue)

    def __post_init__(self) -> None:
        self.arrivals = Arrivals(ResourceStore(), self.queue)

    async def after(self, seconds: float) -> bool:
        """Whether the store is complete some time after the start."""
        filling = asyncio.create_task(self.arrivals.fill(self.server.existing))
        await asyncio.sleep(seconds)
        filling.cancel()
        return self.arrivals.complete.is_set()


def test_the_store_is_complete_when_all_that_is_named_has_come() -> None:
    first, second = a_subscription("first"), a_subscription("second")

    async def scene() -> tuple[bool, bool]:
        scene = Scene(ApiServer([listed(first, second)]))
        scene.arrivals.handle(None, first)
        with_one = await scene.after(5)
        scene.arrivals.handle(None, second)
        return with_one, await scene.after(5)

    assert run_virtually(scene()) == (False, True)


def test_another_object_of_the_same_name_is_not_the_one_that_is_listed() -> None:
    former, present = a_subscription("acme", uid="former"), a_subscription("acme", uid="present")

    async def scene() -> bool:
        scene = Scene(ApiServer([listed(present)]))
        scene.arrivals.handle(None, former)
        return await scene.after(5)

    assert run_virtually(scene()) is False


def test_what_is_gone_meanwhile_is_not_waited_for() -> None:
    gone, there = a_subscription("gone"), a_subscription("there")

    async def scene() -> tuple[bool, int]:
        scene = Scene(ApiServer([listed(gone, there), listed(there)]))
        scene.arrivals.handle(None, there)
        return await scene.after(5), scene.server.asked

    assert run_virtually(scene()) == (True, 2)


def test_an_api_server_that_gives_no_answer_is_asked_again() -> None:
    async def scene() -> tuple[bool, int]:
        scene = Scene(ApiServer([Unreachable("no answer"), Unreachable("no answer"), {}]))
        return await scene.after(5), scene.server.asked

    assert run_virtually(scene()) == (True, 3)


def test_changes_are_looked_at_from_then_on_and_not_before() -> None:
    early, late = a_subscription("early"), a_subscription("late")

    async def scene() -> tuple[list[ObjectKey], list[ObjectKey]]:
        scene = Scene(ApiServer([listed(early)]))
        scene.arrivals.handle(None, early)
        before = list(scene.queue.waiting())
        await scene.after(5)
        scene.arrivals.handle("ADDED", late)
        return before, list(scene.queue.waiting())

    assert run_virtually(scene()) == ([], [key(late)])


def test_a_strangers_status_is_looked_at_soon_but_not_while_it_may_be_the_echo_of_our_own() -> None:
    """The watch may be faster than the answer to the write of a pass that is under way."""

    async def looks(*, under_way: bool) -> int:
        body = a_subscription("acme")
        scene = Scene(ApiServer([listed(body)]))
        scene.arrivals.handle(None, body)
        await scene.arrivals.fill(scene.server.existing)
        passes, stop = Counter[ObjectKey](), asyncio.Event()

        async def look(worked_on: ObjectKey) -> Outcome:
            passes[worked_on] += 1
            if under_way and passes[worked_on] == 1:
                scene.arrivals.handle("MODIFIED", newer(body) | {"status": {"observedGeneration": 1}})
            return Outcome("settled")

        working = asyncio.create_task(scene.queue.work(look, 1, stop))
        scene.queue.add(key(body))
        await asyncio.sleep(1)
        if not under_way:
            scene.arrivals.handle("MODIFIED", newer(body) | {"status": {"observedGeneration": 1}})
        await asyncio.sleep(GATHERING + 1)
        stop.set()
        await working
        return passes[key(body)]

    assert run_virtually(looks(under_way=False)) == 2
    assert run_virtually(looks(under_way=True)) == 1


def test_what_is_born_at_the_provider_lets_edits_pass() -> None:
    born, edited = a_subscription("born"), a_subscription("edited")
    born["spec"] |= {"managementPolicy": "Observe", "subscriptionID": "sub_1", "backendRef": {"name": "main"}}
    del born["spec"]["planRef"], born["spec"]["customer"]

    async def scene() -> list[ObjectKey]:
        scene = Scene(ApiServer([{}]))
        await scene.after(5)
        scene.arrivals.handle("ADDED", born)
        scene.arrivals.handle("ADDED", edited)
        return list(scene.queue.waiting())

    assert run_virtually(scene()) == [key(edited), key(born)]
