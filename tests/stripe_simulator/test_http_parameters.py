"""Form encoding and the checks of parameters (stripe.md 5.1, 6, 8 item 1, 9)."""

from typing import Any

import pytest
import stripe

from stripe_contract import Service, customer, price, product, refused


async def bad(service: Service, method: str, path: str, **form: str) -> tuple[str | None, str | None, str]:
    """Code, parameter and message of the refusal of a plain call."""
    sent: dict[str, Any] = {"params": form} if method == "GET" else {"data": form}
    answer = await service.raw.request(method, path, **sent)
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["type"] == "invalid_request_error"
    return error.get("code"), error.get("param"), error["message"]


async def test_an_unknown_parameter_is_refused(service: Service) -> None:
    refusal = await bad(service, "POST", "/v1/products", name="A", colour="red")
    assert refusal == ("parameter_unknown", "colour", "Received unknown parameter: colour")


async def test_an_unknown_member_of_a_hash_is_refused_by_its_whole_name(service: Service) -> None:
    form = {"product": "p", "currency": "eur", "unit_amount": "1", "recurring[every]": "month"}
    code, param, _ = await bad(service, "POST", "/v1/prices", **form, **{"recurring[interval]": "month"})
    assert (code, param) == ("parameter_unknown", "recurring[every]")


async def test_a_missing_parameter_is_named(service: Service) -> None:
    code, param, message = await bad(service, "POST", "/v1/products")
    assert (code, param) == ("parameter_missing", "name")
    assert message.startswith("Missing required param: name.")


@pytest.mark.parametrize(
    ("form", "code", "param"),
    [
        ({"unit_amount": "twelve"}, "parameter_invalid_integer", "unit_amount"),
        ({"unit_amount": "12.5"}, "parameter_invalid_integer", "unit_amount"),
        ({"active": "perhaps"}, None, "active"),
        ({"recurring": "monthly"}, None, "recurring"),
        ({"recurring[interval]": "decade"}, None, "recurring[interval]"),
        ({"lookup_key": "k" * 201}, None, "lookup_key"),
        ({"unit_amount_decimal": "0.0000000000001"}, None, "unit_amount_decimal"),
    ],
)
async def test_a_mistyped_parameter_is_refused(
    service: Service, form: dict[str, str], code: str | None, param: str
) -> None:
    refusal = await bad(service, "POST", "/v1/prices", currency="eur", product="p", **form)
    assert refusal[:2] == (code, param)


async def test_an_unknown_choice_is_answered_with_the_choices(service: Service) -> None:
    form = {"product": "p", "currency": "eur", "unit_amount": "1", "recurring[interval]": "decade"}
    _, _, message = await bad(service, "POST", "/v1/prices", **form)
    assert message.endswith("must be one of day, month, week, or year")


async def test_an_empty_value_is_refused_where_nothing_can_be_unset(service: Service) -> None:
    code, param, message = await bad(service, "POST", "/v1/products", name="")
    assert (code, param) == ("parameter_invalid_empty", "name")
    assert message.startswith("You passed an empty string for 'name'.")


async def test_an_empty_value_unsets_a_field(service: Service) -> None:
    made = await customer(service, description="big")
    changed = await service.client.v1.customers.update_async(made.id, {"description": "", "email": ""})
    assert (changed.description, changed.email) == (None, None)


async def test_metadata_is_merged_and_an_empty_value_removes_a_key(service: Service) -> None:
    made = await product(service, metadata={"keep": "1", "drop": "2"})
    changed = await service.client.v1.products.update_async(made.id, {"metadata": {"drop": "", "new": "3"}})
    assert changed.metadata.to_dict() == {"keep": "1", "new": "3"}


async def test_an_empty_value_in_place_of_metadata_removes_all_of_it(service: Service) -> None:
    made = await product(service, metadata={"a": "1"})
    changed = await service.client.v1.products.update_async(made.id, {"metadata": ""})
    assert changed.metadata.to_dict() == {}


@pytest.mark.parametrize(
    "metadata", [{f"key{number}": "v" for number in range(51)}, {"k" * 41: "v"}, {"key": "v" * 501}]
)
async def test_metadata_beyond_its_limits_is_refused(service: Service, metadata: dict[str, str]) -> None:
    error = await refused(product(service, metadata=metadata))
    assert isinstance(error, stripe.InvalidRequestError)
    assert (error.param or "").startswith("metadata")


async def test_metadata_cannot_grow_beyond_50_keys(service: Service) -> None:
    made = await product(service, metadata={f"key{number}": "v" for number in range(50)})
    error = await refused(service.client.v1.products.update_async(made.id, {"metadata": {"one_more": "v"}}))
    assert error.http_status == 400


async def test_the_indexed_hashes_of_the_sdk_become_a_list(service: Service) -> None:
    tiers: Any = [{"up_to": 10, "unit_amount": 100}, {"up_to": "inf", "unit_amount": 50}]
    made = await price(
        service,
        billing_scheme="tiered",
        tiers_mode="graduated",
        tiers=tiers,
        unit_amount=None,
        expand=["tiers"],
    )
    assert [(tier.up_to, tier.unit_amount) for tier in made.tiers or []] == [(10, 100), (None, 50)]


@pytest.mark.parametrize("limit", ["0", "101"])
async def test_a_page_has_1_to_100_objects(service: Service, limit: str) -> None:
    assert (await bad(service, "GET", "/v1/products", limit=limit))[1] == "limit"


async def test_booleans_are_words(service: Service) -> None:
    made = await product(service, active=False)
    assert made.active is False


@pytest.mark.parametrize("form", [{"a[b": "1"}, {"name": "A", "name[x]": "1"}])
async def test_names_that_make_no_sense_are_refused(simulator: Service, form: dict[str, str]) -> None:
    await bad(simulator, "POST", "/v1/products", **form)
