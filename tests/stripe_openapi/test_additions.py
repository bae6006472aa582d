"""The table of what is newer than the published document says nothing that the document or the SDK contradicts."""

import importlib
import inspect
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from stripe_openapi.additions import ADDITIONS, Addition, Field, Operation
from stripe_openapi.document import StripeDocument


def texts_of(schema: Any) -> Iterator[str]:
    """The values of all enumerations in a schema."""
    if isinstance(schema, Mapping):
        yield from schema.get("enum", [])
        for member in schema.values():
            yield from texts_of(member)


def the_name(addition: Addition) -> str:
    """The last part of the name: what the SDK's module must contain."""
    return str(re.findall(r"[^\[\]{}/]+", addition.name)[-1])


@pytest.mark.parametrize("addition", ADDITIONS, ids=lambda addition: f"{addition.name} of {addition.source}")
def test_every_addition_is_in_the_module_of_the_sdk_that_it_names(addition: Addition) -> None:
    source = inspect.getsource(importlib.import_module(addition.source))
    assert re.search(rf"\b{re.escape(the_name(addition))}\b", source)
    schema = addition.parameters if isinstance(addition, Operation) else addition.schema
    assert [text for text in texts_of(schema) if not re.search(rf"""['"]{text}['"]""", source)] == []


@pytest.mark.parametrize(
    "stale",
    [
        Field("subscription", "status", {"type": "string"}, "stripe._subscription"),
        Field("subscription", "colour", {"type": "string"}, "stripe._subscription", replaces=True),
        Operation("POST /v1/subscriptions/{}/resume", "subscription", "stripe._subscription_service"),
    ],
    ids=["a member that is there", "a replaced member that is not there", "a call that is there"],
)
def test_an_addition_that_the_document_contradicts_is_refused(stale: Addition, stripe_openapi: Path) -> None:
    published = json.loads(stripe_openapi.read_text())
    with pytest.raises(LookupError):
        StripeDocument(published, (stale,))
