"""Buying: how a customer and a subscription are made for a tenant, once and never twice.

The intent is stored in the object before the first call and covers both steps. It holds what will be sent, so that
a replay of the same key sends the very same request, whatever was edited meanwhile.
"""

from collections.abc import Mapping
from typing import Any, Final

from tenant_billing.api.billing_plan import AutomaticTax, MissingPaymentMethod, NewSubscriptions
from tenant_billing.api.customers import Address
from tenant_billing.api.names import Annotation
from tenant_billing.api.reasons import Reason
from tenant_billing.api.resource import PendingOperation
from tenant_billing.domain import requests, subscription_settings
from tenant_billing.domain.actions import Action, CreateCustomer, CreateSubscription, LookAgain, StoreIntent
from tenant_billing.domain.counting import Candidates
from tenant_billing.domain.findings import Finding, Hold
from tenant_billing.domain.identity import idempotency_key
from tenant_billing.domain.observations import Subscription
from tenant_billing.domain.parameters import as_parameters
from tenant_billing.domain.world import World

SUBSCRIBE: Final = "Subscribe"
"""The step of the intent: customer and subscription are one workflow."""

_WITHOUT_PAYMENT_METHOD: Final = {
    MissingPaymentMethod.CREATE_INVOICE: "create_invoice",
    MissingPaymentMethod.PAUSE: "pause",
    MissingPaymentMethod.CANCEL: "cancel",
}


def successor_awaits_payment(candidates: Candidates) -> Finding | None:
    """Another subscription was made already; its first payment is outstanding, so a third is not made."""
    if candidates.awaiting is None:
        return None
    return Finding(
        Reason.AWAITING_PAYMENT,
        f"The first payment of subscription {candidates.awaiting.id} is outstanding; the customer pays at "
        "status.hostedInvoiceURL.",
        Hold.PROVIDER,
        stalled=False,
    )


def ended_without_leave(world: World, ended: Subscription) -> Finding | None:
    """The subscription has ended, and nobody asked for another: that would bill someone who left."""
    if world.annotation(Annotation.RESUBSCRIBE) == ended.id:
        return None
    return Finding(
        Reason.SUBSCRIPTION_ENDED,
        f"Subscription {ended.id} has ended and is not made again by itself; to subscribe again set the "
        f"annotation {Annotation.RESUBSCRIBE}: {ended.id}.",
        Hold.PROVIDER,
    )


def plan_is_closed(world: World) -> Finding | None:
    """The plan takes no new subscriptions: neither one that is made, nor one that comes from another plan."""
    offer = world.offer
    if offer is None or offer.plan.spec.new_subscriptions is NewSubscriptions.ALLOW:
        return None
    return Finding(
        Reason.PLAN_CLOSED,
        f"BillingPlan {offer.name} takes no new subscriptions; choose another spec.planRef.",
        Hold.PROVIDER,
    )


def plan_is_not_ready(world: World) -> Finding | None:
    """The plan has no price to subscribe to yet."""
    offer = world.offer
    if offer is None or (offer.ready and offer.price_id is not None):
        return None
    return Finding(
        Reason.PLAN_NOT_READY,
        f"BillingPlan {offer.name} is not ready; see its conditions.",
        Hold.PROVIDER,
        stalled=False,
    )


def customer_lacks_details(world: World) -> Finding | None:
    """A customer is to be made whom Stripe could not bill as the object and the plan say.

    It would refuse the subscription when the customer is made already, and details of the object do not reach it any
    more then.
    """
    offer, customer = world.offer, world.resource.spec.customer
    details = customer.details if customer is not None else None
    if offer is None or details is None or world.customer is not None:
        return None
    if world.resource.spec.collection.days_until_due is not None and not details.email:
        return Finding(
            Reason.BACKEND_UNAVAILABLE,
            "Stripe refuses to send invoices (spec.collection.method: Invoice) to a customer without an e-mail "
            "address: set spec.customer.details.email.",
            Hold.PROVIDER,
        )
    if offer.plan.spec.tax.automatic is AutomaticTax.ENABLED and not _is_located(details.address):
        return Finding(
            Reason.BACKEND_UNAVAILABLE,
            f"Stripe refuses to compute the taxes of BillingPlan {offer.name} without knowing where the customer is: "
            "set spec.customer.details.address.country, in the US postalCode, too, in Canada postalCode or state.",
            Hold.PROVIDER,
        )
    return None


def _is_located(address: Address | None) -> bool:
    """Whether Stripe can compute taxes by it (docs.stripe.com ``tax/invoicing``, "Set up the customer")."""
    if address is None or not address.country:
        return False
    if address.country == "US":
        return bool(address.postal_code)
    return address.country != "CA" or bool(address.postal_code or address.state)


def actions(world: World, candidates: Candidates) -> tuple[Action, ...]:
    """The next steps towards a subscription, one call at a time so that each answer is seen.

    The caller has made sure that nothing stands in the way, and that no subscription of the tenant is live.
    """
    intent = world.intent
    if intent is None or intent.step != SUBSCRIBE or not is_outstanding(intent, candidates):
        return (StoreIntent(new_intent(world, candidates)),)
    if not world.looked:
        return (LookAgain(),)
    key = f"{intent.idempotency_key}"
    if world.customer is None:
        return (CreateCustomer(_customer_request(intent.parameters), f"{key}:customer"),)
    request = _subscription_request(intent.parameters, world.customer.id)
    return (CreateSubscription(request, f"{key}:subscription"),)


def is_outstanding(intent: PendingOperation, candidates: Candidates) -> bool:
    """Whether what an intent announces may still have to be bought; not where it was, be it that it has ended since.

    A replay would buy it once more by the terms of then: at another price, or with a trial that the tenant has had.
    """
    follows = intent.idempotency_key.rpartition(":")[0].endswith(_after(candidates))
    return follows and candidates.awaiting is None


def _after(candidates: Candidates) -> str:
    """What a purchase follows, as the end of its step: of one that has ended a new one gets a new key."""
    return f"-after-{candidates.counting.id if candidates.counting is not None else 'none'}"


def new_intent(world: World, candidates: Candidates) -> PendingOperation:
    """What is about to be bought, as it will be sent."""
    step = f"{SUBSCRIBE}-{world.wish}{_after(candidates)}"
    return PendingOperation(
        step=SUBSCRIBE,
        attempt=1,
        idempotency_key=idempotency_key(world.resource.metadata.uid, step, 1),
        parameters={
            "customer": as_parameters(_new_customer(world)),
            "subscription": as_parameters(_new_subscription(world, candidates)),
        },
        start_time=world.now,
    )


def _new_customer(world: World) -> requests.NewCustomer:
    details = world.resource.spec.customer.details if world.resource.spec.customer else None
    address = details.address if details else None
    return requests.NewCustomer(
        email=details.email if details else None,
        name=details.name if details else None,
        description=details.description if details else None,
        address=requests.Address(**address.model_dump(by_alias=False)) if address else None,
        tax_ids=tuple((each.type, each.value) for each in details.tax_ids) if details else (),
        metadata=world.marks(),
    )


def _new_subscription(world: World, candidates: Candidates) -> requests.NewSubscription:
    offer = world.offer
    if offer is None or offer.price_id is None:
        raise ValueError("an offer with a price is needed to subscribe")
    spec = world.resource.spec
    trial = None if candidates.had_trial or world.had_trial else offer.plan.spec.trial
    return requests.NewSubscription(
        customer_id="",
        price_id=offer.price_id,
        metadata=world.marks(offer.name) | subscription_settings.first_marks(spec),
        metered=offer.metered,
        days_until_due=spec.collection.days_until_due,
        trial_days=trial.days if trial else None,
        trial_without_payment_method=_WITHOUT_PAYMENT_METHOD[trial.missing_payment_method] if trial else None,
        coupon_ids=tuple(each.coupon_id for each in spec.discounts),
        automatic_tax=offer.plan.spec.tax.automatic is AutomaticTax.ENABLED,
    )


def _customer_request(parameters: Mapping[str, Any]) -> requests.NewCustomer:
    stored = parameters["customer"]
    address = stored.get("address")
    return requests.NewCustomer(
        email=stored.get("email"),
        name=stored.get("name"),
        description=stored.get("description"),
        address=requests.Address(**address) if address is not None else None,
        tax_ids=tuple((kind, value) for kind, value in stored.get("tax_ids", ())),
        metadata=stored["metadata"],
    )


def _subscription_request(parameters: Mapping[str, Any], customer_id: str) -> requests.NewSubscription:
    stored = dict(parameters["subscription"])
    stored["customer_id"] = customer_id
    stored["coupon_ids"] = tuple(stored.get("coupon_ids", ()))
    return requests.NewSubscription(**stored)
