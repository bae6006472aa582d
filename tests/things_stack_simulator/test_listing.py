"""List, search and the read replica (things-stack.md 2.3, 2.5, 5; T-25, T-29, T-31)."""

from dataclasses import dataclass

import httpx
import pytest

from tenant_billing_sandbox.things_stack.settings import ThingsStackSettings
from things_stack_requests import RegistryClient, error_of, serving, tenant, violated_field


def ids_of(response: httpx.Response) -> list[str]:
    return [entry["ids"]["tenant_id"] for entry in response.json().get("tenants", [])]


async def search(registry: RegistryClient, query: str) -> httpx.Response:
    return await registry.http.get(f"/api/v3/search/tenants?{query}")


async def make_three(registry: RegistryClient) -> None:
    for tenant_id, name in (("bbb", "Zulu"), ("aaa", "Yankee"), ("ccc", "X-ray")):
        await registry.create(tenant(tenant_id, name=name, attributes={"managed-by": f"us-{tenant_id}"}))


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("", ["aaa", "bbb", "ccc"]),
        ("tenant_id", ["aaa", "bbb", "ccc"]),
        ("-tenant_id", ["ccc", "bbb", "aaa"]),
        ("name", ["ccc", "aaa", "bbb"]),
        ("-name", ["bbb", "aaa", "ccc"]),
        ("created_at", ["bbb", "aaa", "ccc"]),
        ("-created_at", ["ccc", "aaa", "bbb"]),
    ],
)
async def test_tenants_are_listed_in_the_order_asked_for(
    registry: RegistryClient, order: str, expected: list[str]
) -> None:
    await make_three(registry)

    assert ids_of(await registry.http.get(f"/api/v3/tenants?order={order}")) == expected


async def test_pages_carry_the_total_and_end_in_an_empty_object_t31(registry: RegistryClient) -> None:
    await make_three(registry)

    pages = [await registry.http.get(f"/api/v3/tenants?limit=2&page={page}") for page in range(4)]

    assert [ids_of(page) for page in pages] == [["aaa", "bbb"], ["aaa", "bbb"], ["ccc"], []]
    assert [page.headers["X-Total-Count"] for page in pages] == ["3"] * 4
    assert pages[3].json() == {}


async def test_a_limit_of_zero_takes_the_server_s_default() -> None:
    async with serving(ThingsStackSettings(page_default=1)) as registry:
        await make_three(registry)
        assert ids_of(await registry.http.get("/api/v3/tenants?limit=0")) == ["aaa"]


@pytest.mark.parametrize(("query", "field"), [("limit=1001", "limit"), ("order=state", "order")])
@pytest.mark.parametrize("path", ["tenants", "search/tenants"])
async def test_a_page_beyond_the_definition_is_invalid(
    registry: RegistryClient, path: str, query: str, field: str
) -> None:
    response = await registry.http.get(f"/api/v3/{path}?{query}")

    assert error_of(response) == (400, 3, "validation")
    assert violated_field(response) == field


@pytest.mark.parametrize("query", ["limit=many", "limit=-1", "page=4294967296", "limit=1&limit=2", "limit="])
async def test_an_unreadable_page_is_the_gateway_s_400(registry: RegistryClient, query: str) -> None:
    response = await registry.http.get(f"/api/v3/tenants?{query}")

    assert response.status_code == 400
    assert "details" not in response.json()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["aaa", "bbb", "ccc"]),
        ("id_contains=BB", ["bbb"]),
        ("name_contains=yank", ["aaa"]),
        ("description_contains=x", []),
        ("attributes_contain[managed-by]=US-", ["aaa", "bbb", "ccc"]),
        ("attributes_contain[managed-by]=us-c", ["ccc"]),
        ("attributes_contain[other]=us-c", []),
        ("attributes_contain[managed-by]=us&attributes_contain[tier]=gold", []),
        ("state=STATE_APPROVED", ["aaa", "bbb", "ccc"]),
        ("state=0&state=4", []),
        ("state=1&limit=1&order=-tenant_id", ["ccc"]),
        ("unknown=parameter", ["aaa", "bbb", "ccc"]),
    ],
)
async def test_search_is_by_substring_regardless_of_case_t29(
    registry: RegistryClient, query: str, expected: list[str]
) -> None:
    await make_three(registry)

    assert ids_of(await search(registry, query)) == expected


async def test_two_attribute_keys_match_nothing(registry: RegistryClient) -> None:
    await registry.create(tenant(attributes={"managed-by": "us", "tier": "gold"}))

    assert ids_of(await search(registry, "attributes_contain[tier]=gold")) == ["acme-iot"]
    both = await search(registry, "attributes_contain[tier]=gold&attributes_contain[managed-by]=us")
    assert (ids_of(both), both.headers["X-Total-Count"]) == ([], "0")


async def test_deleted_tenants_are_found_only_by_asking_for_them_t29(registry: RegistryClient) -> None:
    await make_three(registry)
    await registry.delete("bbb")

    assert ids_of(await registry.http.get("/api/v3/tenants")) == ["aaa", "ccc"]
    assert ids_of(await search(registry, "deleted=false")) == ["aaa", "ccc"]
    assert ids_of(await search(registry, "deleted=true")) == ["bbb"]


@pytest.mark.parametrize("query", ["state=APPROVED", "state=", "deleted=yes", "id_contains=a&id_contains=b"])
async def test_an_unreadable_search_is_the_gateway_s_400(registry: RegistryClient, query: str) -> None:
    response = await search(registry, query)

    assert response.status_code == 400
    assert "details" not in response.json()


@pytest.mark.parametrize(
    "query",
    [
        f"id_contains={'x' * 51}",
        f"attributes_contain[key]={'x' * 51}",
        "attributes_contain[a.b]=x",
        "&".join(f"attributes_contain[key{number}]=x" for number in range(11)),
    ],
)
async def test_a_search_beyond_the_definition_is_invalid(registry: RegistryClient, query: str) -> None:
    assert error_of(await search(registry, query)) == (400, 3, "validation")


@dataclass
class Stopwatch:
    """Seconds that pass when they are told to."""

    seconds: float = 0

    def __call__(self) -> float:
        return self.seconds


async def test_reads_lag_behind_writes_and_the_answer_of_a_write_does_not_t25() -> None:
    watch = Stopwatch()
    async with serving(ThingsStackSettings(read_replica_lag=2, monotonic=watch)) as registry:
        await registry.create()
        assert error_of(await registry.get()) == (404, 5, "tenant_not_found")
        watch.seconds = 2
        written = await registry.update({"name": "New"}, ["name"])
        assert written.json()["name"] == "New"
        assert (await registry.get("name")).json()["name"] == "Acme IoT"
        await registry.delete()
        assert ids_of(await registry.http.get("/api/v3/tenants")) == ["acme-iot"]
        watch.seconds = 4
        assert ids_of(await registry.http.get("/api/v3/tenants")) == []


async def test_the_replica_can_be_held_and_let_go_t25(registry: RegistryClient) -> None:
    await registry.create()
    await registry.http.post("/_sandbox/replica", json={"held": True})
    await registry.update({"name": "New"}, ["name"])
    await registry.register({"end_devices": 1})

    assert (await registry.get("name")).json()["name"] == "Acme IoT"
    assert (await registry.totals()).json() == {}

    await registry.http.post("/_sandbox/replica", json={"held": False})
    assert (await registry.get("name")).json()["name"] == "New"
    assert (await registry.totals()).json() == {"end_devices": "1"}
