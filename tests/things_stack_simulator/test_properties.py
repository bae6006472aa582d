"""Properties of updates by mask and of the JSON (things-stack.md 5; T-06, T-07, T-11)."""

import itertools
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from things_stack_requests import STRIPE, RegistryClient, tenant

LIMITS = (
    "max_applications",
    "max_clients",
    "max_end_devices",
    "max_gateways",
    "max_organizations",
    "max_users",
)
NUMBERS = itertools.count(1)

keys = st.from_regex(r"[a-z0-9](-?[a-z0-9]){2,8}", fullmatch=True)
limits = st.one_of(st.none(), st.integers(0, 2**64 - 1).map(str))
texts = st.text(st.characters(codec="utf-8"), max_size=50)
states = st.sampled_from(["STATE_APPROVED", "STATE_REJECTED", "STATE_FLAGGED", "STATE_SUSPENDED"])
contents = st.fixed_dictionaries(
    {
        "name": texts,
        "description": texts,
        "state": states,
        "state_description": texts,
        "attributes": st.dictionaries(keys, texts, max_size=10),
        "billing": st.sampled_from(
            [None, {"stripe": STRIPE}, {"counting": {"end_devices": "ONLY_ACTIVATED"}, "stripe": STRIPE}]
        ),
        **dict.fromkeys(LIMITS, limits),
    }
)
masks = st.lists(st.sampled_from(["name", "description", "attributes", "billing", *LIMITS]), unique=True)

over_http = settings(
    max_examples=40,
    deadline=None,
    # One simulator serves all examples; each example has a tenant of its own.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def written(content: dict[str, Any]) -> dict[str, Any]:
    """The content as it comes back: without nulls, empty texts and empty maps."""
    return {name: value for name, value in content.items() if value not in (None, "", {})}


async def fields_of(registry: RegistryClient, tenant_id: str) -> dict[str, Any]:
    names = ("name", "description", "state", "state_description", "attributes", "billing", *LIMITS)
    body = (await registry.get(",".join(names), tenant_id)).json()
    return {name: body[name] for name in names if name in body}


@over_http
@given(content=contents)
async def test_what_is_created_comes_back_null_and_zero_apart_t07(
    registry: RegistryClient, content: dict[str, Any]
) -> None:
    tenant_id = f"created-{next(NUMBERS)}"
    await registry.create(tenant(tenant_id, **content))

    assert await fields_of(registry, tenant_id) == written(content)


@over_http
@given(before=contents, after=contents, mask=masks)
async def test_an_update_writes_exactly_what_the_mask_names_t06(
    registry: RegistryClient, before: dict[str, Any], after: dict[str, Any], mask: list[str]
) -> None:
    tenant_id = f"updated-{next(NUMBERS)}"
    await registry.create(tenant(tenant_id, **before))

    response = await registry.update(after, mask, tenant_id)

    masked = {name: after[name] for name in mask}
    assert response.status_code == 200
    answered = {name: value for name, value in response.json().items() if name in after}
    assert answered == written(masked)
    assert await fields_of(registry, tenant_id) == written(before | masked)
