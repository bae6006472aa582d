"""What can be done about the product, the meter and the prices of a plan, as values."""

from dataclasses import dataclass

from tenant_billing.api.resource import PendingOperation
from tenant_billing.domain.requests import NewMeter, NewPrice, NewProduct, ProductChange


@dataclass(frozen=True)
class StoreIntent:
    """Write down what is about to be created, before it is."""

    intent: PendingOperation


@dataclass(frozen=True)
class LookAgain:
    """List products, prices and meters once more: the intent may have been carried out before a crash."""


@dataclass(frozen=True)
class CreateProduct:
    """Create the product under the key of the intent."""

    request: NewProduct
    key: str


@dataclass(frozen=True)
class CreateMeter:
    """Create the meter under the key of the intent."""

    request: NewMeter
    key: str


@dataclass(frozen=True)
class CreatePrice:
    """Create the price under the key of the intent; the lookup key moves to it."""

    request: NewPrice
    key: str


@dataclass(frozen=True)
class UpdateProduct:
    """Change the product: its texts, its default price, whether it is sold."""

    product_id: str
    change: ProductChange


@dataclass(frozen=True)
class ArchivePrice:
    """Offer a price to nobody new; its subscribers go on."""

    price_id: str


OutsideAction = LookAgain | CreateProduct | CreateMeter | CreatePrice | UpdateProduct | ArchivePrice
Action = StoreIntent | OutsideAction
