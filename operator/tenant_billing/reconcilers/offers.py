"""What plans offer, as last made: thousands of subscriptions judge by the same few plans."""

from dataclasses import dataclass

from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.domain.offers import offer_of
from tenant_billing.domain.world import Offer
from tenant_billing.reconcilers.account_picture import AccountPicture
from tenant_billing.reconcilers.accounts import Accounts


@dataclass(frozen=True)
class _Made:
    """An offer, and what it was made from."""

    plan: BillingPlan
    picture: AccountPicture | None
    version: int
    offer: Offer


class Offers:
    """Makes an offer anew only where its plan, or the catalogue of its account, is another one."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._made: dict[str, _Made] = {}

    def of(self, plan: BillingPlan) -> Offer:
        """The offer that a plan makes, by its account's catalogue as last seen."""
        connection = self._accounts.of(plan.spec.backend_ref.name)
        picture = connection.picture if connection is not None else None
        version = picture.catalogue_version if picture is not None else 0
        made = self._made.get(plan.metadata.name)
        if made is None or (made.plan, made.picture, made.version) != (plan, picture, version):
            made = _Made(plan, picture, version, _offer(plan, picture))
            self._made[plan.metadata.name] = made
        return made.offer


def _offer(plan: BillingPlan, picture: AccountPicture | None) -> Offer:
    if picture is None:
        return offer_of(plan, {})
    return offer_of(plan, picture.prices_by_id(), picture.meters_by_id())
