"""Products and prices of one Stripe account (stripe.md 7)."""

from collections.abc import AsyncIterator

from tenant_billing.clients import stripe_requests as wire
from tenant_billing.clients.stripe_connection import StripeAccess
from tenant_billing.clients.stripe_objects import to_price, to_product
from tenant_billing.domain import requests
from tenant_billing.domain.observations import Price, Product
from tenant_billing.ports import Subject


class StripeCatalogue(StripeAccess):
    """What is sold. Every method raises a subclass of :class:`tenant_billing.domain.errors.OutsideError`."""

    async def list_products(self) -> AsyncIterator[Product]:
        """All products; without a filter Stripe lists archived ones too."""
        async for product in self._calls.pages(
            "ListProducts", self._connection.listing("/v1/products"), {}, to_product
        ):
            yield product

    async def list_prices(self) -> AsyncIterator[Price]:
        """All recurring prices. Stripe lists archived ones only when asked for them (stripe.md 1.2)."""
        for active in (True, False):
            filters = {"type": "recurring", "active": active, "expand": [f"data.{wire.TIERS}"]}
            async for price in self._calls.pages(
                "ListPrices", self._connection.listing("/v1/prices"), filters, to_price
            ):
                yield price

    async def product(self, product_id: str) -> Product | None:
        """One product, freshly read."""
        identifier = wire.from_id(product_id, "product")
        return await self._calls.find(
            "GetProduct", lambda: self._api.products.retrieve_async(identifier), to_product
        )

    async def price(self, price_id: str) -> Price | None:
        """One price, freshly read."""
        identifier = wire.from_id(price_id, "price")
        return await self._calls.find(
            "GetPrice",
            lambda: self._api.prices.retrieve_async(identifier, {"expand": [wire.TIERS]}),
            to_price,
        )

    async def create_product(self, request: requests.NewProduct, key: str, subject: Subject) -> Product:
        """Create a product under an idempotency key."""
        parameters = wire.from_new_product(request)
        return await self._calls.create(
            "CreateProduct",
            self._api.products.create_async,
            parameters,
            to_product,
            subject,
            key=key,
        )

    async def update_product(
        self, product_id: str, change: requests.ProductChange, subject: Subject
    ) -> Product:
        """Change a product."""
        identifier, parameters = wire.from_id(product_id, "product"), wire.from_product_change(change)
        return await self._calls.write(
            "UpdateProduct",
            lambda: self._api.products.update_async(identifier, parameters),
            to_product,
            subject,
        )

    async def create_price(self, request: requests.NewPrice, key: str, subject: Subject) -> Price:
        """Create a price under an idempotency key; the lookup key moves to it."""
        parameters = wire.from_new_price(request)
        return await self._calls.create(
            "CreatePrice",
            self._api.prices.create_async,
            parameters,
            to_price,
            subject,
            key=key,
        )

    async def archive_price(self, price_id: str, subject: Subject) -> Price:
        """Make a price unavailable to new subscriptions; subscribers go on."""
        identifier = wire.from_id(price_id, "price")
        return await self._calls.write(
            "UpdatePrice",
            lambda: self._api.prices.update_async(identifier, {"active": False, "expand": [wire.TIERS]}),
            to_price,
            subject,
        )
