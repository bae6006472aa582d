"""Plans from prices: ours as they were, others as adopted prices, old metered ones with a metered plan beside them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tenant_billing.api.names import API_VERSION, BILLING_PLAN, Annotation
from tenant_billing.api.prices import DeviceCounting, LimitsFrom
from tenant_billing.api.tenant_subscription import TenantState
from tenant_billing.domain.importing.groups import Group, group_of, newest_first
from tenant_billing.domain.importing.matches import Match, sold_prices
from tenant_billing.domain.importing.names import is_valid_name, name_from, told_apart
from tenant_billing.domain.importing.prices import metered_arm, recurring_arm
from tenant_billing.domain.importing.remarks import Remark, not_mapped, note
from tenant_billing.domain.importing.sources import Source
from tenant_billing.domain.importing.words import entity_limits
from tenant_billing.domain.limits import as_limits
from tenant_billing.domain.observations import LIMIT_NAMES, Limits, Price
from tenant_billing.domain.plan import PlanIdentity, UnreadableLimitError, limits_in

UNLIMITED: Final[Limits] = as_limits(None)

Body = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """One plan of an import.

    Attributes:
        name: Of the BillingPlan.
        group: What its prices have in common.
        limits_by_price: What a tenant on each of its prices is allowed.
        bodies: The BillingPlan, and the metered one beside it where there is one.
    """

    name: str
    group: Group
    limits_by_price: Mapping[str, Limits]
    bodies: tuple[Body, ...]


def plans_of(source: Source, matches: Sequence[Match]) -> tuple[list[Plan], list[Remark]]:
    """All plans, by name, and what is to be known of them."""
    groups: dict[Group, list[Price]] = {}
    for price_id in sorted(sold_prices(source)):
        price = source.price_by_id.get(price_id)
        if price is not None:
            groups.setdefault(group_of(price_id, source), []).append(price)
    names = _names(groups, source)
    remarks = _unknown_prices(source)
    plans = []
    for group in sorted(groups, key=lambda each: names[each]):
        users = [each for each in matches if group_of(each.item.price_id, source) == group]
        drafted = _Draft(names[group], group, newest_first(groups[group]), users, source)
        plans.append(drafted.plan())
        remarks += drafted.remarks
    return plans, remarks


def _unknown_prices(source: Source) -> list[Remark]:
    return [
        not_mapped(
            f"price {price_id}",
            f"account {source.account.id} lists no recurring price of this id",
            "use the key of the account and the mode in which it stands, or leave out --plan-price",
        )
        for price_id in sorted(source.plan_prices - source.price_by_id.keys())
    ]


def _names(groups: Mapping[Group, Sequence[Price]], source: Source) -> dict[Group, str]:
    """A name for each: our own plans keep theirs, others are called after their product."""
    own = {group: group.plan for group in groups if is_valid_name(group.plan)}
    wished: dict[str, list[str]] = {name: [name] for name in own.values()}
    others = {_identity(group): group for group in groups if group not in own}
    for identity, group in others.items():
        product = source.product_by_id.get(group.product_id)
        called = group.plan or (product.name if product is not None else "")
        base = name_from(called, group.product_id)
        count = "" if group.interval_count == 1 else f"{group.interval_count}-"
        kind = "-metered" if group.metered else ""
        wished[identity] = [base, f"{base}{kind}-{count}{group.interval}-{group.currency.lower()}"]
    names = told_apart(wished)
    return own | {group: names[identity] for identity, group in others.items()}


def _identity(group: Group) -> str:
    parts = (group.plan, group.product_id, group.currency, group.interval, str(group.interval_count))
    return "/".join((*parts, group.meter_id, str(group.metered)))


@dataclass
class _Draft:
    """One plan in the making."""

    name: str
    group: Group
    prices: list[Price]
    users: list[Match]
    source: Source

    def __post_init__(self) -> None:
        self.remarks: list[Remark] = []

    @property
    def current(self) -> Price:
        """The price that new subscriptions get."""
        key = PlanIdentity(self.source.names.owner, self.group.plan).lookup_key
        holders = [each for each in self.prices if self.group.plan and each.lookup_key == key]
        return (holders or self.prices)[0]

    def plan(self) -> Plan:
        """The plan, with its remarks noted."""
        common = _common_limits(self.users)
        if self.group.plan:
            spec = self._own(common)
            limits = {each.id: common for each in self.prices}
        else:
            spec, limits = self._adopted(common)
        self._note_counting()
        bodies = [self._body(self.name, spec)]
        if self.group.is_legacy:
            bodies += self._metered_beside(limits[self.current.id])
        return Plan(self.name, self.group, limits, tuple(bodies))

    def _own(self, common: Limits) -> Body:
        arm = metered_arm(self.current, self._counting()) if self.group.metered else None
        if arm is not None:
            arm |= self._meter_event_name()
        price = {"recurring": recurring_arm(self.current)} if arm is None else {"metered": arm}
        self.remarks.append(
            note(
                f"BillingPlan {self.name}",
                "its trial, pastDue, policies, allowedNamespaces and tenantTemplate stand nowhere outside: they are "
                "the defaults, and entityLimits are those that most of its tenants have",
                "compare it with what was in Git before applying it",
            )
        )
        return {**self._head(), "price": price, **_limits_field(common)}

    def _meter_event_name(self) -> Body:
        """The event name of the plan's meter, where it is not the plan's own."""
        named = next((each.event_name for each in self.source.meters if each.id == self.group.meter_id), None)
        own = PlanIdentity(self.source.names.owner, self.group.plan).event_name
        return {} if named in (None, own) else {"meterEventName": named}

    def _adopted(self, common: Limits) -> tuple[Body, dict[str, Limits]]:
        """An ``existing`` arm: limits of the prices' metadata where these say what tenants have."""
        existing: Body = {"priceID": self.current.id}
        accepted = sorted(each.id for each in self.prices if each.id != self.current.id)
        if accepted:
            existing["acceptedPriceIDs"] = accepted
        if not self.current.active:
            self.remarks.append(
                note(
                    f"BillingPlan {self.name}",
                    f"price {self.current.id} was taken out of sale in Stripe",
                    "its subscribers go on; to sell the plan again, activate the price there",
                )
            )
        stated = self._stated_limits()
        if stated is not None and (any(map(_says_something, stated.values())) or common == UNLIMITED):
            existing["limitsFrom"] = LimitsFrom.PRICE_METADATA.value
            limits, field = stated, {}
        else:
            existing["limitsFrom"] = LimitsFrom.SPEC.value
            limits, field = {each.id: common for each in self.prices}, _limits_field(common)
        if self.group.metered:
            existing["counting"] = self._counting().value
        return {**self._head(), "price": {"existing": existing}, **field}, limits

    def _stated_limits(self) -> dict[str, Limits] | None:
        """What the metadata of each price allows, None where one of them cannot be read."""
        try:
            return {each.id: limits_in(each.metadata) for each in self.prices}
        except UnreadableLimitError as error:
            self.remarks.append(
                note(
                    f"BillingPlan {self.name}",
                    f"the metadata of its prices cannot be read: {error}",
                    "its limits are taken from its tenants (limitsFrom: Spec); correct the metadata in Stripe to "
                    "have them from there",
                )
            )
            return None

    def _metered_beside(self, limits: Limits) -> list[Body]:
        """A plan with a meter for the same terms: nothing of it is made in Stripe while it is paused."""
        name = f"{self.name}-metered"
        arm = metered_arm(self.current, self._counting())
        if arm is None:
            self.remarks.append(
                not_mapped(
                    f"price {self.current.id}",
                    "its tiers are no whole minor units, so that no plan with a meter can be written for it",
                    f"write a BillingPlan {name} with a metered price by hand",
                )
            )
            return []
        self.remarks.append(
            note(
                f"BillingPlan {name}",
                f"price {self.current.id} is of the old kind, without a meter; the Tenant Billing Server goes on "
                "metering its subscriptions, and this plan with a meter is written beside it, paused",
                f"remove its annotation {Annotation.PAUSED}, then run tenant-billing migrate-meter: it moves the "
                "subscriptions at the end of their period",
            )
        )
        spec = {
            **self._head(),
            "displayName": f"{self._head()['displayName']} (metered)"[:100],
            "price": {"metered": arm},
            **_limits_field(limits),
        }
        return [self._body(name, spec, paused=True)]

    def _head(self) -> Body:
        product = self.source.product_by_id.get(self.current.product_id)
        head: Body = {
            "backendRef": {"name": self.source.names.backend},
            "displayName": (product.name if product is not None else "") or self.name,
        }
        if product is not None and product.description:
            head["description"] = product.description
        if product is not None and product.tax_code and self.group.plan:
            head["tax"] = {"code": product.tax_code}
        return head

    def _counting(self) -> DeviceCounting:
        activated = sum(each.tenant is not None and each.tenant.counts_only_activated for each in self.users)
        return DeviceCounting.ONLY_ACTIVATED if activated * 2 > len(self.users) else DeviceCounting.ALL

    def _note_counting(self) -> None:
        if not self.group.metered:
            return
        wanted = self._counting() is DeviceCounting.ONLY_ACTIVATED
        for each in self.users:
            if each.tenant is not None and each.tenant.counts_only_activated is not wanted:
                self.remarks.append(
                    note(
                        f"tenant {each.tenant_id}",
                        f"it counts other devices than most tenants of BillingPlan {self.name}",
                        "the plan's counting will hold for it; for another one give it a plan of its own",
                    )
                )

    def _body(self, name: str, spec: Body, *, paused: bool = False) -> Body:
        metadata: Body = {"name": name}
        if paused:
            metadata["annotations"] = {Annotation.PAUSED: "true"}
        return {
            "apiVersion": API_VERSION,
            "kind": BILLING_PLAN.kind,
            "metadata": metadata,
            "spec": {**spec, "allowedNamespaces": {"from": "All"}},
        }


def _common_limits(users: Iterable[Match]) -> Limits:
    """What most tenants have; those whose access is not restricted are asked first, because a freeze lowers limits."""
    tenants = [each.tenant for each in users if each.tenant is not None]
    approved = [each for each in tenants if each.state is TenantState.APPROVED]
    counted = Counter(tuple(each.limits.get(name) for name in LIMIT_NAMES) for each in approved or tenants)
    if not counted:
        return UNLIMITED
    most = max(counted.values())
    first = min((each for each, number in counted.items() if number == most), key=str)
    return dict(zip(LIMIT_NAMES, first, strict=True))


def _says_something(limits: Limits) -> bool:
    return any(value is not None for value in limits.values())


def _limits_field(limits: Limits) -> Body:
    stated = entity_limits(limits)
    return {"entityLimits": stated} if stated else {}
