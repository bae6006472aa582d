"""TenantSubscriptions from matches: observed where the subscription was born in Stripe, managed where it is ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tenant_billing.api.customers import CollectionMethod
from tenant_billing.api.names import API_VERSION, TENANT_SUBSCRIPTION, StripeMetadata, TenantAttribute
from tenant_billing.api.tenant_subscription import AccessPolicy, DeletionPolicy, ManagementPolicy
from tenant_billing.domain import counting
from tenant_billing.domain.identity import parse_claim
from tenant_billing.domain.importing.groups import group_of
from tenant_billing.domain.importing.matches import Match, key_in
from tenant_billing.domain.importing.names import is_valid_name
from tenant_billing.domain.importing.plans import Plan
from tenant_billing.domain.importing.remarks import Remark, note
from tenant_billing.domain.importing.sources import Source
from tenant_billing.domain.importing.words import limit_overrides
from tenant_billing.domain.observations import Customer, Tenant
from tenant_billing.domain.state_descriptions import Description, own_words
from tenant_billing.domain.subscription_settings import applied_coupons, coupon_digest

LONGEST_TENANT_NAME: Final = 50

Body = dict[str, Any]
Place = tuple[str, str]
"""Namespace and name."""


@dataclass
class Subscriptions:
    """The TenantSubscriptions of an import.

    Attributes:
        bodies: In the order of namespace and name.
        trusted: Namespaces that set fields which need the backend's trust.
        remarks: What is to be known of them.
    """

    bodies: list[Body] = field(default_factory=list)
    trusted: set[str] = field(default_factory=set)
    remarks: list[Remark] = field(default_factory=list)


def subscriptions_of(source: Source, matches: Sequence[Match], plans: Sequence[Plan]) -> Subscriptions:
    """One object for each match."""
    result = Subscriptions()
    plan_of_group = {plan.group: plan for plan in plans}
    places = _places(source, matches, result.remarks)
    for match in sorted(matches, key=lambda each: places[each.tenant_id]):
        plan = plan_of_group[group_of(match.item.price_id, source)]
        _Draft(source, match, plan, places, {each.name for each in plans}, result).write()
    return result


def _places(source: Source, matches: Sequence[Match], remarks: list[Remark]) -> dict[str, Place]:
    """Where each object stands: as its tenant says, else in the chosen namespace under the tenant's id."""
    places: dict[str, Place] = {}
    taken: set[Place] = set()
    for match in matches:
        fallback = (source.names.namespace, match.tenant_id)
        place = _claimed_place(match, source) or fallback
        if place in taken:
            remarks.append(
                note(
                    f"tenant {match.tenant_id}",
                    f"it claims the object {'/'.join(place)}, which another tenant claims too",
                    f"its object is called {'/'.join(fallback)}",
                )
            )
            place = fallback
        elif match.is_ours and match.tenant is None:
            remarks.append(
                note(
                    f"tenant {match.tenant_id}",
                    "the tenant does not exist yet, so nothing says what its object was called",
                    f"its object is called {'/'.join(fallback)}; if Git has it under another name, keep that one",
                )
            )
        taken.add(place)
        places[match.tenant_id] = place
    return places


def _claimed_place(match: Match, source: Source) -> Place | None:
    if match.tenant is None:
        return None
    claim = parse_claim(match.tenant.attributes.get(TenantAttribute.TENANT_SUBSCRIPTION))
    if claim is None or claim.owner != source.names.owner:
        return None
    valid = is_valid_name(claim.namespace) and is_valid_name(claim.name)
    return (claim.namespace, claim.name) if valid else None


@dataclass(frozen=True)
class _Draft:
    """One object in the making."""

    source: Source
    match: Match
    plan: Plan
    places: Mapping[str, Place]
    plan_names: set[str]
    result: Subscriptions

    def write(self) -> None:
        """Add the object, and what is to be known of it."""
        namespace, name = self.places[self.match.tenant_id]
        spec = self._managed() if self.match.is_ours else self._observed()
        spec |= {
            "clusterRef": {"name": self.source.names.cluster},
            "tenant": self._tenant(),
            **self._overrides(),
            **self._access_policy(),
            "deletionPolicy": DeletionPolicy.ORPHAN.value,
        }
        self.result.bodies.append(
            {
                "apiVersion": API_VERSION,
                "kind": TENANT_SUBSCRIPTION.kind,
                "metadata": {"name": name, "namespace": namespace},
                "spec": spec,
            }
        )
        if counting.has_ended(self.match.subscription):
            self._note(
                f"subscription {self.match.subscription.id} has ended",
                "the object says SubscriptionEnded; a new subscription of the same customer for this tenant "
                "revives it",
            )

    def _observed(self) -> Body:
        self._trust()
        return {
            "managementPolicy": ManagementPolicy.OBSERVE.value,
            "backendRef": {"name": self.source.names.backend},
            "subscriptionID": self.match.subscription.id,
        }

    def _managed(self) -> Body:
        return {
            "planRef": {"name": self._wished_plan()},
            "customer": self._customer(),
            **self._collection(),
            **self._discounts(),
        }

    def _wished_plan(self) -> str:
        """What ``planRef`` named: a change that waits for the period's end, or for its payment, else what stands."""
        subscription, marks = self.match.subscription, self.match.subscription.metadata
        schedule = subscription.schedule
        key = key_in(self.source, self.match.tenant_id)
        waits = schedule is not None and key.is_named_by(schedule.metadata)
        wishes = (
            schedule.metadata.get(StripeMetadata.PLAN) if schedule is not None and waits else None,
            marks.get(StripeMetadata.UPGRADE),
            marks.get(StripeMetadata.PLAN),
        )
        return next((each for each in wishes if each in self.plan_names), None) or self.plan.name

    def _customer(self) -> Body:
        """Details where the customer is the tenant's own, which is found again by its mark; else whose it is."""
        customer_id = self.match.subscription.customer_id
        customer = self.source.customer_by_id.get(customer_id, Customer(customer_id))
        if key_in(self.source, self.match.tenant_id).is_named_by(customer.metadata):
            return {"details": _details(customer)}
        owner = self._owner_of(customer)
        if owner is not None:
            return {"subscriptionRef": {"name": owner}}
        self._trust()
        return {"id": customer_id}

    def _owner_of(self, customer: Customer) -> str | None:
        """The object in the same namespace whose own customer it is."""
        namespace, _ = self.places[self.match.tenant_id]
        for tenant_id, place in self.places.items():
            if place[0] == namespace and key_in(self.source, tenant_id).is_named_by(customer.metadata):
                return place[1]
        return None

    def _collection(self) -> Body:
        """``collection``, where the spec said it; a way that somebody chose in Stripe stays without it."""
        subscription = self.match.subscription
        days = subscription.days_until_due
        if StripeMetadata.COLLECTION not in subscription.metadata or days is None:
            return {}
        self._trust()
        return {"collection": {"method": CollectionMethod.INVOICE.value, "daysUntilDue": days}}

    def _discounts(self) -> Body:
        """``discounts``, as far as the coupons that the spec named still lower invoices."""
        subscription = self.match.subscription
        present = {
            coupon_digest(each.coupon_id): each.coupon_id for each in subscription.discounts if each.coupon_id
        }
        named = [present[each] for each in applied_coupons(subscription) if each in present]
        if not named:
            return {}
        self._trust()
        return {"discounts": [{"couponID": each} for each in named]}

    def _tenant(self) -> Body:
        wanted: Body = {"id": self.match.tenant_id}
        tenant = self.match.tenant
        if tenant is not None and 0 < len(tenant.name) <= LONGEST_TENANT_NAME:
            wanted["name"] = tenant.name
        return wanted

    def _overrides(self) -> Body:
        tenant = self.match.tenant
        if tenant is None:
            return {}
        allowed = self.plan.limits_by_price[self.match.item.price_id]
        overrides = limit_overrides(allowed, tenant.limits)
        if overrides is None:
            return {}
        self._trust()
        self._note(
            f"its limits are not those of BillingPlan {self.plan.name}; spec.limitOverrides keeps them as they are",
            "to have the plan's limits, remove spec.limitOverrides; so also if they were lowered by a freeze",
        )
        return {"limitOverrides": overrides}

    def _access_policy(self) -> Body:
        tenant = self.match.tenant
        if tenant is None or not _is_suspended_by_policy(tenant):
            return {}
        return {"accessPolicy": AccessPolicy.SUSPEND.value}

    def _trust(self) -> None:
        self.result.trusted.add(self.places[self.match.tenant_id][0])

    def _note(self, problem: str, remedy: str) -> None:
        self.result.remarks.append(note(f"tenant {self.match.tenant_id}", problem, remedy))


def _is_suspended_by_policy(tenant: Tenant) -> bool:
    return own_words(tenant.state_description) is Description.ADMINISTRATOR


def _details(customer: Customer) -> Body:
    given = {"email": customer.email, "name": customer.name, "description": customer.description}
    return {name: value for name, value in given.items() if value}
