"""Through which backend an object is paid for: the one of its plan, or still the one of a former plan."""

from collections.abc import Iterable

from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.domain import counting
from tenant_billing.domain.identity import TenantKey
from tenant_billing.domain.observations import Tenant
from tenant_billing.domain.ownership import claims, customer_of
from tenant_billing.ports import Resources
from tenant_billing.reconcilers.accounts import AccountConnection, Accounts
from tenant_billing.reconcilers.registries import Registries


def named_backend(resources: Resources, resource: TenantSubscription) -> str:
    """The backend that the spec asks for, by its plan or (an observed object) itself; empty where nothing names one."""
    spec = resource.spec
    if spec.backend_ref is not None:
        return spec.backend_ref.name
    plan = resources.plan(spec.plan_ref.name) if spec.plan_ref is not None else None
    return plan.spec.backend_ref.name if plan is not None else ""


class PayingBackends:
    """Tells of each object which account pays, from what was seen already; it makes no call.

    A subscription cannot move to another account. So an object whose plan is sold through another backend, or is not
    there, is judged by the account in which it is paid for (``IncompatiblePlan``, ``PlanNotFound``).
    """

    def __init__(self, resources: Resources, accounts: Accounts, registries: Registries) -> None:
        self._resources = resources
        self._accounts = accounts
        self._registries = registries

    def of(self, resource: TenantSubscription) -> str:
        """Name of the backend; empty where nothing names one."""
        wanted, status = named_backend(self._resources, resource), resource.status
        if resource.spec.plan_ref is None:
            return wanted
        in_force = self._resources.plan(status.plan_ref.name) if status.plan_ref else None
        if in_force is not None:
            return in_force.spec.backend_ref.name
        others = [each for each in self._accounts.connected() if each.backend != wanted]
        present = self._accounts.connection(wanted) if wanted else None
        if not others or (present is not None and self._is_paid_in(present, resource)):
            return wanted
        return next((each.backend for each in others if self._is_paid_in(each, resource)), wanted)

    def _is_paid_in(self, account: AccountConnection, resource: TenantSubscription) -> bool:
        """Whether an account has the payer: by the id in the status, else on the tenant, else by our marks."""
        picture = account.picture
        if any(picture.customer(each) is not None for each in self._customer_ids(account, resource)):
            return True
        key = TenantKey(account.owner, resource.spec.cluster_ref.name, resource.spec.tenant.id)
        return any(not counting.has_ended(each) for each in picture.subscriptions_of(key))

    def _customer_ids(self, account: AccountConnection, resource: TenantSubscription) -> Iterable[str]:
        recorded = resource.status.customer_id
        if recorded is not None:
            yield recorded
        tenant = self._tenant(resource)
        if tenant is not None and claims(tenant, account.owner, resource):
            customer_id = customer_of(tenant)
            if customer_id is not None:
                yield customer_id

    def _tenant(self, resource: TenantSubscription) -> Tenant | None:
        registry = self._registries.of(resource.spec.cluster_ref.name)
        return registry.picture.tenant(resource.spec.tenant.id) if registry is not None else None
