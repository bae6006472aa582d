"""A plan, its backend, an account with a memory, and the reconciler of plans."""

from typing import Any

import kubernetes_bodies as bodies
from account_memory import AccountMemory
from loop_fakes import Loop, registries_of
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.domain import health
from tenant_billing.domain.health import Health
from tenant_billing.domain.plan_status import ready_reason
from tenant_billing.ports import ObjectKey, Outcome
from tenant_billing.reconcilers.account_picture import AccountPicture
from tenant_billing.reconcilers.accounts import AccountConnection, Accounts
from tenant_billing.reconcilers.plan import BillingPlanReconciler

KEY = ObjectKey("BillingPlan", "", "starter")


class Scene:
    """The reconciler of plans with all that it works with; passes are run by hand."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.account = AccountMemory()
        self.restart()

    def restart(self) -> None:
        """A new process: nothing is left but Kubernetes and the account."""
        self.accounts = Accounts(self.loop.clock, self.loop.queue)
        self.reconciler = BillingPlanReconciler(
            self.loop.surroundings(), self.accounts, registries_of(self.loop)
        )

    async def connect(self, seen: Health = health.AVAILABLE) -> None:
        picture = AccountPicture(self.account, self.loop.clock)
        await self.accounts.open(
            AccountConnection("main", "default", "acct_1", self.account, picture, True, "settings")
        )
        self.accounts.judged("main", seen)

    async def run(self) -> Outcome:
        return await self.reconciler.reconcile(KEY)

    @property
    def plan(self) -> BillingPlan:
        plan = self.loop.store.plan("starter")
        assert plan is not None
        return plan

    @property
    def reason(self) -> str:
        return ready_reason(self.plan.status)

    def edit(self, **changes: Any) -> None:
        body = self.loop.store.body(KEY)
        assert body is not None
        generation = body["metadata"]["generation"] + 1
        self.loop.see({**bodies.newer(dict(body), generation=generation), "spec": body["spec"] | changes})


async def a_plan_scene() -> Scene:
    """A plan that waits for its first pass, and an account that can be worked with."""
    scene = Scene()
    scene.loop.see(bodies.a_backend(), bodies.a_plan())
    await scene.connect()
    return scene
