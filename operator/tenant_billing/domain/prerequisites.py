"""What must stand before anything is decided about a TenantSubscription, as one ordered chain of rules."""

from tenant_billing.api.conditions import ConditionStatus, ConditionType, find_condition
from tenant_billing.api.names import Annotation
from tenant_billing.api.reasons import Reason
from tenant_billing.domain.counting import bills
from tenant_billing.domain.errors import (
    Forbidden,
    OutsideError,
    Throttled,
    Unauthorized,
    Unreachable,
    Unsupported,
)
from tenant_billing.domain.findings import Finding, Hold, Rule
from tenant_billing.domain.meter_conflict import meter_is_anothers
from tenant_billing.domain.observed import field_would_write
from tenant_billing.domain.ownership import (
    another_has_bought_it,
    another_object_has_the_subscription,
    another_object_has_the_tenant,
    tenant_belongs_to_another,
)
from tenant_billing.domain.permissions import field_needs_trust, plan_does_not_admit_namespace
from tenant_billing.domain.tenant_validity import tenant_cannot_be_created, tenant_stays_as_it_is
from tenant_billing.domain.world import Offer, World


def object_is_paused(world: World) -> Finding | None:
    """A person told the operator to leave the object alone."""
    if not world.paused:
        return None
    return Finding(
        Reason.PAUSED,
        f"The annotation {Annotation.PAUSED} is set; nothing is written outside until it is removed.",
        stalled=False,
    )


def plan_not_found(world: World) -> Finding | None:
    """``planRef`` names nothing: nothing is bought or changed; who has a subscription goes on by the plan in force."""
    reference = world.resource.spec.plan_ref
    if reference is None or world.offer is not None:
        return None
    return Finding(
        Reason.PLAN_NOT_FOUND,
        f"spec.planRef: there is no BillingPlan {reference.name}; create it or name another.",
        Hold.PROVIDER if world.backend is not None else Hold.EVERYTHING,
        stalled=False,
    )


def backend_not_usable(world: World) -> Finding | None:
    """The account does not exist or is not ready."""
    if world.backend is None:
        return _backend_not_found(world)
    if world.provider_problem is None:
        return None
    return Finding(
        Reason.BACKEND_UNAVAILABLE,
        f"BillingBackend {world.backend.metadata.name} cannot be used: {_sentence(world.provider_problem)} "
        "The tenant is kept as it is.",
        stalled=isinstance(world.provider_problem, Unauthorized | Forbidden),
    )


def _backend_not_found(world: World) -> Finding | None:
    observed = world.resource.spec.backend_ref
    if observed is not None:
        name, whence = observed.name, "spec.backendRef"
    elif world.offer is not None:
        name, whence = backend_of(world.offer), f"BillingPlan {world.offer.name}"
    else:
        return None  # it is the plan that is missing
    return Finding(
        Reason.BACKEND_UNAVAILABLE,
        f"{whence} names BillingBackend {name}, which does not exist.",
        stalled=False,
    )


def _sentence(problem: OutsideError) -> str:
    """What went wrong, ended by a full stop: another sentence follows."""
    return f"{problem.message.rstrip('.')}."


def backend_of(offer: Offer) -> str:
    """The backend that a plan is sold through."""
    return offer.plan.spec.backend_ref.name


def plan_is_of_another_backend(world: World) -> Finding | None:
    """The tenant is paid for in another account than the one that the plan is sold through."""
    if world.offer is None or world.backend is None:
        return None
    present, asked = world.backend.metadata.name, backend_of(world.offer)
    if present == asked:
        return None
    return Finding(
        Reason.INCOMPATIBLE_PLAN,
        f"spec.planRef: plan {world.offer.name} is sold through BillingBackend {asked}, and the tenant is paid for "
        f"through {present}; a subscription cannot move there. Choose a plan of {present}.",
        Hold.PROVIDER,
    )


def cluster_not_found(world: World) -> Finding | None:
    """``clusterRef`` names nothing."""
    if world.cluster is not None:
        return None
    name = world.resource.spec.cluster_ref.name
    return Finding(
        Reason.CLUSTER_NOT_FOUND,
        f"spec.clusterRef: there is no ThingsStackCluster {name}; create it.",
        stalled=False,
    )


def cluster_not_usable(world: World) -> Finding | None:
    """The cluster is not ready, or gives no answer."""
    if world.cluster is None or world.registry_problem is None:
        return None
    name = world.cluster.metadata.name
    ready = find_condition(world.cluster.status.conditions, ConditionType.READY)
    broken = ready is not None and ready.status is not ConditionStatus.TRUE
    passing = isinstance(world.registry_problem, Unreachable | Throttled) and not broken
    return Finding(
        Reason.CLUSTER_UNAVAILABLE if passing else Reason.CLUSTER_NOT_READY,
        f"ThingsStackCluster {name} cannot be used: {_sentence(world.registry_problem)} "
        "The tenant is kept as it is.",
        stalled=isinstance(world.registry_problem, Unauthorized | Forbidden | Unsupported),
    )


def password_cannot_be_read(world: World) -> Finding | None:
    """The Secret of the administrator's password is missing, and the tenant is still to be made."""
    if world.secret_problem is None or world.tenant is not None:
        return None
    reason, message = world.secret_problem
    return Finding(Reason(reason), message, stalled=False)


def customer_was_deleted(world: World) -> Finding | None:
    """The customer was deleted at the provider: it is never made again by itself."""
    if world.customer is None or not world.customer.deleted:
        return None
    afresh = (
        "Delete this object, unless its tenant is still needed."
        if world.is_observed
        else "To start over, delete this object and apply one whose spec.customer.id names another customer."
    )
    return Finding(
        Reason.CUSTOMER_DELETED,
        f"Customer {world.customer.id} was deleted in Stripe, which ended its subscriptions; it is not made again. "
        + afresh,
        Hold.PROVIDER,
    )


def payer_has_no_customer(world: World) -> Finding | None:
    """``customer.subscriptionRef`` names an object that is not there, or has no customer yet."""
    customer = world.resource.spec.customer
    if customer is None or customer.subscription_ref is None or world.customer is not None:
        return None
    name = customer.subscription_ref.name
    what = "does not exist" if world.payer is None else "has no customer yet"
    return Finding(
        Reason.SUBSCRIPTION_NOT_FOUND,
        f"spec.customer.subscriptionRef: TenantSubscription {name} {what}.",
        stalled=False,
    )


def named_customer_is_missing(world: World) -> Finding | None:
    """``customer.id`` names a customer that the account does not have."""
    customer = world.resource.spec.customer
    if customer is None or customer.id is None or world.customer is not None:
        return None
    return Finding(
        Reason.CUSTOMER_MISMATCH,
        f"spec.customer.id: the account has no customer {customer.id}; name one of this account and mode.",
    )


def several_customers_pay(world: World) -> Finding | None:
    """Live subscriptions of several customers carry this tenant's mark: one match is adopted, several wait."""
    if not world.rivals:
        return None
    return Finding(
        Reason.DUPLICATE_SUBSCRIPTION,
        f"Subscriptions of several customers stand for this tenant ({', '.join(world.rivals)}); "
        "cancel all but one in Stripe. The tenant is kept as it is.",
    )


def recorded_customer_is_missing(world: World) -> Finding | None:
    """A recorded customer is not found, be it the tenant alone that says so: that is no reason to make another one."""
    recorded, said = world.resource.status.customer_id, ""
    if recorded is None and world.missing_customer_id is not None:
        recorded = world.missing_customer_id
        said = " To have another customer pay, remove the attributes stripe-… and the billing field of the tenant."
    if recorded is None or world.customer is not None:
        return None
    return Finding(
        Reason.CUSTOMER_MISMATCH,
        f"Stripe does not know customer {recorded}; check key, mode and account. The tenant is kept as it is.{said}",
    )


def named_subscription_is_missing(world: World) -> Finding | None:
    """``subscriptionID``, set while another subscription was on record, names none of the customer's."""
    recorded, named = world.resource.status.subscription_id, world.resource.spec.subscription_id
    if named is None or recorded in (None, named) or world.missing_subscription_id != named:
        return None
    return Finding(
        Reason.SUBSCRIPTION_NOT_FOUND,
        f"spec.subscriptionID: the customer has no subscription {named}; {recorded} counts. To pay by another "
        "customer's, delete this object with deletionPolicy: Orphan and make another.",
        Hold.PROVIDER,
    )


def recorded_subscription_is_missing(world: World) -> Finding | None:
    """A recorded subscription is not found: a wrong key must never suspend a tenant (stripe.md 2.1).

    Only a live successor stands in for it: one that has ended would take the access of a payer away.
    """
    missing = world.missing_subscription_id
    if missing is None or named_subscription_is_missing(world) is not None:
        return None
    if any(bills(each) for each in world.subscriptions):
        return None
    whose = f" of customer {world.customer.id}" if world.customer is not None else ""
    return Finding(
        Reason.SUBSCRIPTION_NOT_FOUND,
        f"Stripe does not know subscription {missing}{whose}; check key, mode and account. "
        "The tenant is kept as it is.",
    )


READING: tuple[Rule, ...] = (
    object_is_paused,
    plan_not_found,
    cluster_not_found,
    backend_not_usable,
    cluster_not_usable,
)
"""What must stand before the outside can be known at all; deletion needs no more than this."""

CHAIN: tuple[Rule, ...] = (
    *READING,
    another_object_has_the_tenant,
    field_needs_trust,
    another_object_has_the_subscription,
    field_would_write,
    plan_does_not_admit_namespace,
    plan_is_of_another_backend,
    tenant_belongs_to_another,
    another_has_bought_it,
    several_customers_pay,
    recorded_subscription_is_missing,
    named_subscription_is_missing,
    recorded_customer_is_missing,
    customer_was_deleted,
    named_customer_is_missing,
    payer_has_no_customer,
    meter_is_anothers,
    tenant_cannot_be_created,
    tenant_stays_as_it_is,
    password_cannot_be_read,
)
"""In the order in which they are told to the user."""
