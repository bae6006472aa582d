"""Stripe's own mock server, as contract tests use it."""

import json
from pathlib import Path

import httpx

HEADERS = {"Authorization": "Bearer sk_test_123"}


async def test_it_refuses_a_parameter_that_the_published_document_does_not_have(stripe_mock: str) -> None:
    async with httpx.AsyncClient(base_url=stripe_mock, headers=HEADERS) as client:
        accepted = await client.post("/v1/customers", data={"email": "ann@acme.example"})
        refused = await client.post("/v1/customers", data={"e_mail": "ann@acme.example"})
    assert accepted.status_code == 200
    assert refused.status_code == 400


def test_the_published_document_is_at_hand_and_of_the_recorded_version(stripe_openapi: Path) -> None:
    document = json.loads(stripe_openapi.read_text())
    assert document["info"]["version"] == "2026-08-26.dahlia"
    assert "/v1/billing/meters" in document["paths"]
