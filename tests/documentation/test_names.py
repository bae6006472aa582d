"""``docs/reference/annotations.md`` has every name that the operator reads or writes, and no other."""

from collections.abc import Iterator
from typing import Final

from document_pages import DOCUMENTS, codes, rows
from tenant_billing.api import names
from tenant_billing.domain.state_descriptions import Description

PAGE: Final = DOCUMENTS / "reference" / "annotations.md"
BORN_IN_STRIPE: Final = DOCUMENTS / "born-in-stripe.md"
PLANS: Final = DOCUMENTS / "plans.md"


def constants(of: type) -> set[str]:
    return {value for name, value in vars(of).items() if name.isupper()}


def first_cells(heading: str) -> Iterator[str]:
    for row in rows(PAGE, heading):
        yield from codes(row[0])


def test_every_annotation_is_on_the_page() -> None:
    known = constants(names.Annotation) | constants(names.SecretAnnotation) | set(names.UNPRUNED)
    assert set(first_cells("Kubernetes")) == known | {names.FINALIZER}


def test_every_key_of_metadata_is_on_the_page() -> None:
    assert set(first_cells("Metadata in Stripe")) == constants(names.StripeMetadata)


def test_every_attribute_is_on_the_page() -> None:
    assert set(first_cells("Attributes of a tenant")) == constants(names.TenantAttribute)


def test_every_description_of_a_state_is_on_the_page() -> None:
    assert set(first_cells("State descriptions of a tenant")) == set(Description)


def test_documented_metadata_of_the_billing_server_is_where_births_are_described() -> None:
    page = BORN_IN_STRIPE.read_text(encoding="utf-8")
    assert {key for key in constants(names.BillingServerMetadata) if f"`{key}`" not in page} == set()


def test_metadata_of_a_price_is_where_plans_are_described() -> None:
    page = PLANS.read_text(encoding="utf-8")
    assert {key for key in constants(names.PriceMetadata) if f"`{key}`" not in page} == set()
