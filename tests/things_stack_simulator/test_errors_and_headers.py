"""Errors, the kinds of 404, authentication and headers (things-stack.md 4, 5; T-01, T-02, T-28, T-31)."""

import re
from dataclasses import dataclass

import httpx
import pytest

from tenant_billing_sandbox.things_stack.settings import (
    DEFAULT_TENANT_ADMIN_KEY,
    RateLimit,
    ThingsStackSettings,
)
from things_stack_requests import RegistryClient, error_of, serving, tenant


async def test_a_service_s_404_names_the_tenant_t01(registry: RegistryClient) -> None:
    response = await registry.get()

    assert error_of(response) == (404, 5, "tenant_not_found")
    details = response.json()["details"][0]
    assert details["attributes"] == {"tenant_id": "acme-iot"}
    assert re.fullmatch("[0-9a-f]{32}", details["correlation_id"])
    assert details["code"] == 5
    assert response.json()["message"] == (
        "error:pkg/identityserver:tenant_not_found (there is no tenant `acme-iot`)"
    )


@pytest.mark.parametrize(
    "path", ["/api/v3/nope", "/api/v3/tenants/acme-iot/nope", "/api/v3/tenants/", "/api/v3", "/api/v3/"]
)
async def test_the_gateway_s_404_has_no_details_t01_t31(registry: RegistryClient, path: str) -> None:
    response = await registry.http.get(path)

    assert response.status_code == 404
    assert response.json() == {"code": 5, "message": "Not Found"}


async def test_no_route_finds_a_tenant_by_its_billing_id_t30(registry: RegistryClient) -> None:
    response = await registry.http.post("/api/v3/tenants/identifiers/billing", json={"billing_id": "b-1"})

    assert response.json() == {"code": 5, "message": "Not Found"}


@pytest.mark.parametrize("path", ["/nope", "/api/v2/tenants", "/api/v3x"])
async def test_the_web_router_s_404_says_route_not_found_t01(registry: RegistryClient, path: str) -> None:
    assert error_of(await registry.http.get(path)) == (404, 5, "route_not_found")


async def test_the_web_router_answers_html_unless_json_is_asked_for(registry: RegistryClient) -> None:
    response = await registry.http.get("/<nope>", headers={"Accept": "*/*"})

    assert response.status_code == 404
    assert response.headers["Content-Type"].startswith("text/html")
    assert "<nope>" not in response.text


@pytest.mark.parametrize(
    ("verb", "path"), [("PATCH", "/tenants/acme-iot"), ("DELETE", "/tenants"), ("POST", "/search/tenants")]
)
async def test_a_wrong_verb_on_a_known_path_is_unimplemented(
    registry: RegistryClient, verb: str, path: str
) -> None:
    response = await registry.http.request(verb, f"/api/v3{path}")

    assert response.status_code == 501
    assert response.json() == {"code": 12, "message": "Method Not Allowed"}


async def test_400_hides_the_caller_s_fault_and_the_world_s_t02(registry: RegistryClient) -> None:
    await registry.create(tenant(max_gateways="1"))

    fault = await registry.update({}, ["nope"])
    world = await registry.register({"gateways": 2})

    assert (fault.status_code, world.status_code) == (400, 400)
    assert (fault.json()["code"], world.json()["code"]) == (3, 9)


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (None, (401, 16, "unauthenticated")),
        ("Basic dXNlcjpwYXNz", (401, 16, "unsupported_authorization")),
        ("Bearer NNSXS.KEY", (403, 7, "no_tenant_rights")),
        ("TenantAdminKey", (403, 7, "tenant_admin_key")),
        ("TenantAdminKey nothex", (403, 7, "tenant_admin_key")),
        ("TenantAdminKey 00112233445566778899aabbccddeeff", (403, 7, "tenant_admin_key")),
    ],
)
async def test_a_caller_without_the_key_is_refused_and_the_key_not_repeated_t28(
    registry: RegistryClient, authorization: str | None, expected: tuple[int, int, str]
) -> None:
    del registry.http.headers["Authorization"]
    headers = {} if authorization is None else {"Authorization": authorization}

    for verb, path in (("GET", ""), ("GET", "/acme-iot"), ("DELETE", "/acme-iot"), ("PUT", "/acme-iot")):
        body: dict[str, str] | None = {} if verb == "PUT" else None
        response = await registry.http.request(verb, f"/api/v3/tenants{path}", headers=headers, json=body)
        assert error_of(response) == expected
        assert ("WWW-Authenticate" in response.headers) == (expected[0] == 401)
        assert authorization is None or authorization.split()[-1] not in response.text.replace(
            "TenantAdminKey", ""
        )


async def test_the_scheme_is_compared_without_regard_to_case(registry: RegistryClient) -> None:
    registry.http.headers["Authorization"] = f"tenantadminkey {DEFAULT_TENANT_ADMIN_KEY.upper()}"

    assert (await registry.create()).status_code == 200


async def test_two_keys_are_valid_during_a_rotation() -> None:
    keys = ("00" * 16, "11" * 24)
    async with serving(ThingsStackSettings(tenant_admin_keys=keys)) as registry:
        for key in keys:
            headers = {"Authorization": f"TenantAdminKey {key}"}
            assert (await registry.http.get("/api/v3/tenants", headers=headers)).status_code == 200


@pytest.mark.parametrize("key", ["0011", "nothex"])
async def test_an_impossible_key_is_refused_at_start(key: str) -> None:
    with pytest.raises(ValueError, match=r"hex|bytes"):
        async with serving(ThingsStackSettings(tenant_admin_keys=(key,))):
            pass


async def test_the_request_id_is_echoed_or_made(registry: RegistryClient) -> None:
    echoed = await registry.http.get("/api/v3/tenants", headers={"X-Request-Id": "mine"})
    first, second = await registry.get(), await registry.http.get("/nope")

    assert echoed.headers["X-Request-Id"] == "mine"
    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]


async def test_answers_set_a_csrf_cookie(registry: RegistryClient) -> None:
    assert "_csrf" in (await registry.http.get("/api/v3/tenants")).cookies


@dataclass
class Stopwatch:
    """Seconds that pass when they are told to."""

    seconds: float = 0

    def __call__(self) -> float:
        return self.seconds


def limit_headers(response: httpx.Response) -> dict[str, str]:
    names = ("Limit", "Available", "Reset", "Retry")
    return {name: response.headers[f"X-Rate-Limit-{name}"] for name in names}


async def test_over_the_rate_limit_is_429_with_whole_seconds_rounded_down() -> None:
    watch = Stopwatch()
    limits = {"Update": RateLimit(per_minute=90, burst=2)}
    async with serving(ThingsStackSettings(rate_limits=limits, monotonic=watch)) as registry:
        created = await registry.create()
        first = await registry.update({}, [])
        await registry.update({}, [])
        refused = await registry.update({}, [])
        other = await registry.update({}, [], tenant_id="beta-farm")
        watch.seconds = 0.7
        again = await registry.update({}, [])

    assert "X-Rate-Limit-Limit" not in created.headers
    assert limit_headers(first) == {"Limit": "2", "Available": "1", "Reset": "0", "Retry": "0"}
    assert error_of(refused) == (429, 8, "rate_limit_exceeded")
    assert set(refused.json()["details"][0]["attributes"]) == {"key", "rate"}
    assert limit_headers(refused) == {"Limit": "2", "Available": "0", "Reset": "1", "Retry": "0"}
    assert "Retry-After" not in refused.headers
    assert other.status_code == 404
    assert again.status_code == 200


async def test_all_callers_share_the_bucket_of_the_other_methods() -> None:
    settings = ThingsStackSettings(
        tenant_admin_keys=("00" * 16, "11" * 16),
        rate_limits={"*": RateLimit(per_minute=1, burst=1)},
        monotonic=Stopwatch(),
    )
    async with serving(settings) as registry:
        answers = [
            await registry.http.get("/api/v3/tenants", headers={"Authorization": f"TenantAdminKey {key}"})
            for key in settings.tenant_admin_keys
        ]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].headers["X-Rate-Limit-Retry"] == "60"
