"""The table of what is newer than the published document says nothing that the document or the SDK contradicts."""

import importlib
import inspect
import json
import re
from pathlib import Path

import pytest

from stripe_openapi.additions import ADDITIONS, Addition, Field, Operation
from stripe_openapi.document import StripeDocument


def the_name(addition: Addition) -> str:
    """The last part of the name: what the SDK's module must contain."""
    return str(re.findall(r"[^\[\]{}/]+", addition.name)[-1])


@pytest.mark.parametrize("addition", ADDITIONS, ids=lambda addition: f"{addition.name} of {addition.source}")
def test_every_addition_is_in_the_module_of_the_sdk_that_it_names(addition: Addition) -> None:
    source = inspect.getsource(importlib.import_module(addition.source))
    assert re.search(rf"\b{re.escape(the_name(addition))}\b", source)


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
