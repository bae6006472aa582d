"""What a decision about a TenantSubscription may ask for: frozen, printable, in the order to be done."""

import enum
from dataclasses import dataclass

from tenant_billing.api.resource import PendingOperation
from tenant_billing.domain import requests
from tenant_billing.domain.metering import UsageReport


class Disruption(enum.StrEnum):
    """Writes that take access away go through the brake."""

    NONE = ""
    SUSPEND = "Suspend"
    CANCEL = "Cancel"
    DELETE = "Delete"


@dataclass(frozen=True)
class AddFinalizer:
    """Have a say in the object's deletion, before anything is made for it."""


@dataclass(frozen=True)
class RemoveFinalizer:
    """Let the object go."""


@dataclass(frozen=True)
class StoreIntent:
    """Remember in the object what is about to be created, before it is."""

    intent: PendingOperation


@dataclass(frozen=True)
class LookAgain:
    """Search the account again, now that the intent is stored: a former attempt may have been carried out."""


@dataclass(frozen=True)
class CreateCustomer:
    """Create the customer."""

    request: requests.NewCustomer
    key: str


@dataclass(frozen=True)
class CreateSubscription:
    """Create the subscription."""

    request: requests.NewSubscription
    key: str


@dataclass(frozen=True)
class ChangeItem:
    """Put the subscription on another price.

    Attributes:
        urgent: Whether it goes before what can wait in the account's budget: a wish does, a changed price of a plan
            lets payments pass.
    """

    change: requests.ItemChange
    key: str
    urgent: bool = True


@dataclass(frozen=True)
class AttachSchedule:
    """Attach a schedule to the subscription under the key of the intent; it plans nothing yet."""

    subscription_id: str
    key: str


@dataclass(frozen=True)
class PlanMove:
    """Have our attached schedule put an item on another price at the period's end."""

    move: requests.PeriodEndMove


@dataclass(frozen=True)
class ReleaseSchedule:
    """Take our schedule off the subscription."""

    subscription_id: str
    schedule_id: str


@dataclass(frozen=True)
class ChangeSubscription:
    """Change the renewal, the collection, the discounts or the marks of the subscription."""

    subscription_id: str
    change: requests.SubscriptionChange


@dataclass(frozen=True)
class CancelSubscription:
    """End the subscription at once, without refund, with a final invoice."""

    subscription_id: str
    disruption: Disruption = Disruption.CANCEL


@dataclass(frozen=True)
class CreateTenant:
    """Create the tenant and its administrator."""

    request: requests.NewTenant


@dataclass(frozen=True)
class UpdateTenant:
    """Write the difference to the tenant."""

    tenant_id: str
    change: requests.TenantChange
    disruption: Disruption = Disruption.NONE


@dataclass(frozen=True)
class DeleteTenant:
    """Delete the tenant; its id can never be used again."""

    tenant_id: str
    disruption: Disruption = Disruption.DELETE


@dataclass(frozen=True)
class CountDevices:
    """Ask the registry how many devices the tenant has now."""


@dataclass(frozen=True)
class ReportUsage:
    """Report usage to the meter. No fresh read precedes it: it takes nothing from anybody, and a repeat is harmless."""

    report: UsageReport


UsageAction = CountDevices | ReportUsage

Action = (
    AddFinalizer
    | RemoveFinalizer
    | StoreIntent
    | LookAgain
    | CreateCustomer
    | CreateSubscription
    | ChangeItem
    | AttachSchedule
    | PlanMove
    | ReleaseSchedule
    | ChangeSubscription
    | CancelSubscription
    | CreateTenant
    | UpdateTenant
    | DeleteTenant
    | UsageAction
)

OUTSIDE = (
    CreateCustomer,
    CreateSubscription,
    ChangeItem,
    AttachSchedule,
    PlanMove,
    ReleaseSchedule,
    ChangeSubscription,
    CancelSubscription,
    CreateTenant,
    UpdateTenant,
    DeleteTenant,
)
"""Actions that write outside the cluster: a fresh read precedes each."""


def is_urgent(action: Action) -> bool:
    """Whether an action, and what is read for it, goes before what can wait in the budgets.

    A changed price of a plan, which may move a thousand subscribers, and what takes place at the end of a period anyway
    let payments pass.
    """
    match action:
        case ChangeItem():
            return action.urgent
        case AttachSchedule() | PlanMove():
            return False
        case _:
            return True


def disruption_of(action: Action) -> Disruption:
    """Whether an action takes access away, and how."""
    match action:
        case CancelSubscription() | UpdateTenant() | DeleteTenant():
            return action.disruption
        case _:
            return Disruption.NONE
