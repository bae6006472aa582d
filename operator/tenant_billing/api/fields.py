"""The base of every model: frozen, spelled as Kubernetes spells, and a few field types used by all kinds."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, Strict

_INITIALISMS: Final = {"id": "ID", "ids": "IDs", "url": "URL"}


def to_kubernetes_name(attribute: str) -> str:
    """Spell an attribute as Kubernetes does: ``accepted_price_ids`` becomes ``acceptedPriceIDs``."""
    first, *rest = attribute.split("_")
    return first + "".join(_INITIALISMS.get(word, word.capitalize()) for word in rest)


class ApiModel(BaseModel):
    """A frozen part of a resource. Unknown fields are dropped, as the API server prunes them."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=to_kubernetes_name,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )


Count = Annotated[int, Strict(), Field(ge=0)]
"""A number of things; never negative, never a string or a boolean."""

MinorUnits = Annotated[int, Strict(), Field(ge=0)]
"""An amount of money in the currency's minor unit: 4900 is EUR 49.00 and JPY 4900."""


class ObjectReference(ApiModel):
    """Names another object: cluster-scoped, or in the namespace of the object that refers to it."""

    name: str


class SecretKeyReference(ApiModel):
    """Names one key of a Secret.

    The namespace is never written: cluster-scoped kinds read the operator's own namespace only,
    a TenantSubscription its own only (api.md, rule 2).
    """

    name: str
    key: str
