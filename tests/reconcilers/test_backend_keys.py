"""Another key of a BillingBackend: the same account goes on, another one begins anew or is refused."""

from collections.abc import Callable

import pytest

import kubernetes_bodies as bodies
from account_memory import AccountMemory
from backend_scene import SECRET, Scene, an_applied_backend
from tenant_billing.api.reasons import Reason
from tenant_billing.domain import errors
from tenant_billing.domain.observations import Account


@pytest.fixture
def scene() -> Scene:
    return an_applied_backend()


async def test_key_of_another_account_is_refused(scene: Scene) -> None:
    await scene.run()
    scene.account.identity = Account("acct_2", livemode=False)
    scene.loop.kubernetes.secrets[SECRET] = "sk_test_51Other"
    scene.edit(annotations={"tenantbilling.dev/reconcile": "1"})
    await scene.run()
    assert scene.condition().reason == Reason.ACCOUNT_MISMATCH
    assert scene.backend.status.account_id == "acct_1"
    assert scene.accounts.of("main") is None
    assert scene.backend.status.last_handled_reconcile == "1"


async def test_new_key_is_another_connection_and_goes_on_with_the_picture(scene: Scene) -> None:
    await scene.run()
    former, scene.account = scene.account, AccountMemory()
    scene.loop.kubernetes.secrets[SECRET] = "rk_test_51New"
    await scene.surroundings.secrets.look()
    assert scene.loop.queue.names() == {"BillingBackend main", "UsageComparison main"}
    await scene.run()
    assert [each["api_key"] for each in scene.connected] == ["sk_test_51Secret", "rk_test_51New"]
    assert former.closed
    assert scene.account.count("list_subscriptions") == 0, "the account is the same"
    connection = scene.accounts.of("main")
    assert connection is not None
    await connection.picture.refresh_created_since()
    assert scene.account.count("created_since") == 1, "what is looked for is asked of the new connection"


async def test_new_key_of_another_account_does_not_go_on_with_the_picture(scene: Scene) -> None:
    await scene.run()
    other = AccountMemory(identity=Account("acct_2", livemode=False))
    former, scene.account = scene.account, other
    scene.loop.kubernetes.secrets[SECRET] = "sk_test_51Other"
    await scene.surroundings.secrets.look()
    await scene.run()
    assert scene.condition().reason == Reason.ACCOUNT_MISMATCH
    assert other.calls == ["account"]

    scene.account = former
    scene.loop.kubernetes.secrets[SECRET] = "sk_test_51Mended"
    former.calls.clear()
    await scene.surroundings.secrets.look()
    await scene.run()
    assert scene.condition().reason == Reason.AVAILABLE
    assert former.count("list_subscriptions") == 0, "the picture of the right account was kept"


async def test_edit_that_pins_another_account_begins_with_a_picture_of_its_own(scene: Scene) -> None:
    await scene.run()
    other = AccountMemory(identity=Account("acct_2", livemode=False))
    scene.account = other
    scene.loop.kubernetes.secrets[SECRET] = "sk_test_51Other"
    scene.edit(accountID="acct_2")
    await scene.run()
    assert scene.condition().reason == Reason.AVAILABLE
    assert other.count("list_subscriptions") == 1


async def test_backend_that_was_made_anew_before_anybody_looked_uses_nothing_of_the_former_one(
    scene: Scene,
) -> None:
    """A watch that was broken tells neither the deletion nor that a person took the finalizer off."""
    await scene.run()
    former, scene.account = scene.account, AccountMemory(identity=Account("acct_2", livemode=False))
    scene.loop.kubernetes.secrets[SECRET] = "sk_test_51Other"
    scene.loop.see(bodies.newer(bodies.a_backend(), uid="uid-of-another"))
    await scene.run()
    assert scene.condition().reason == Reason.AVAILABLE
    assert scene.backend.status.account_id == "acct_2"
    assert former.closed
    assert scene.account.count("list_subscriptions") == 1


class EditedMeanwhile(AccountMemory):
    """Something happens while the account is asked for the first time."""

    meanwhile: Callable[[], None] | None = None

    async def account(self) -> Account:
        happens, self.meanwhile = self.meanwhile, None
        if happens is not None:
            happens()
        return await super().account()


async def test_edit_during_a_check_is_not_told_as_looked_at(scene: Scene) -> None:
    """Who waits for the status of the edit would take the health of the former spec for it."""
    scene.account = account = EditedMeanwhile()
    account.meanwhile = lambda: scene.edit(accountID="acct_2")
    await scene.run()
    assert scene.condition().reason == Reason.AVAILABLE
    assert scene.backend.status.observed_generation == scene.backend.metadata.generation - 1
    await scene.run()
    assert scene.condition().reason == Reason.ACCOUNT_MISMATCH
    assert scene.backend.status.observed_generation == scene.backend.metadata.generation


async def test_backend_that_is_made_anew_during_a_check_gets_nothing_of_it(scene: Scene) -> None:
    scene.account = account = EditedMeanwhile()
    account.meanwhile = lambda: scene.loop.see(bodies.newer(bodies.a_backend(), uid="uid-of-another"))
    await scene.run()
    assert scene.backend.status.account_id is None
    assert scene.accounts.connection("main") is None


async def test_secret_that_did_not_change_is_no_reason_to_look(scene: Scene) -> None:
    await scene.run()
    scene.loop.queue.keys.clear()
    await scene.surroundings.secrets.look()
    assert scene.loop.queue.keys == []
    scene.loop.kubernetes.fail("secret", errors.Unreachable("the API server is down"), times=9)
    await scene.surroundings.secrets.look()
    assert scene.loop.queue.keys == [], "an outage changes nothing"
