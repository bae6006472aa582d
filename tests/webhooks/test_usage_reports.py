"""Pushed reports over HTTP, as the Tenant Billing Server's pushers send them (TBS-16)."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from aiohttp import web
from structlog.testing import capture_logs

import kubernetes_bodies as bodies
from hand_clock import HandClock
from kubernetes_memory import KubernetesMemory
from tenant_billing.api.things_stack_cluster import ThingsStackCluster
from tenant_billing.domain.errors import Unreachable
from tenant_billing.domain.pushed_usage import read_annotation
from tenant_billing.ports import ObjectGone
from tenant_billing.webhooks.listening import listening
from tenant_billing.webhooks.push_tokens import PushTokens
from tenant_billing.webhooks.report_endpoint import LARGEST_REPORT, REPORT_PATH, add_report_route
from tenant_billing.webhooks.usage_reports import UsageReports, is_allowed

TOKEN = "s3cret-of-eu1"
PUSHED = "tenantbilling.dev/pushed-usage"


def a_cluster(name: str = "eu1", source: str = "Push", **push: Any) -> dict[str, Any]:
    body = bodies.a_cluster(name)
    reference = {"bearerTokenSecretRef": {"name": f"{name}-push", "key": "token"}}
    body["spec"]["metering"] = {"source": source, "push": reference | push}
    return body


@dataclass
class Receiver:
    """The receiver as a pusher sees it, and what lies behind it."""

    client: httpx.AsyncClient
    kubernetes: KubernetesMemory
    clock: HandClock
    reports: UsageReports
    watched: bool = True

    async def push(
        self, *entries: Any, token: str | None = TOKEN, content: bytes | None = None
    ) -> httpx.Response:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        body = json.dumps({"tenants": list(entries)}).encode() if content is None else content
        return await self.client.post(REPORT_PATH, content=body, headers=headers)

    def kept(self, name: str = "acme") -> tuple[int | None, int | None] | None:
        """What is kept for a tenant."""
        resource = self.kubernetes.store.subscription("tenants", name)
        assert resource is not None
        counted = read_annotation(resource.metadata.annotations.get(PUSHED, ""))
        if counted is None:
            return None
        return counted.totals.end_devices, counted.totals.activated_end_devices


def of(tenant: str, **totals: Any) -> dict[str, Any]:
    return {"tenant_id": {"tenant_id": tenant}, "totals": totals}


@asynccontextmanager
async def a_receiver(*clusters: dict[str, Any]) -> AsyncIterator[Receiver]:
    kubernetes, clock = KubernetesMemory(), HandClock()
    for cluster in clusters or (a_cluster(),):
        kubernetes.store.arrive(cluster)
        name = cluster["metadata"]["name"]
        kubernetes.secrets["billing", f"{name}-push", "token"] = f"s3cret-of-{name}\n"
    for name in ("acme", "beta"):
        kubernetes.store.arrive(bodies.a_subscription(name, status={"subscriptionID": f"sub_of_{name}"}))
    app = web.Application()
    found: list[Receiver] = []
    tokens = PushTokens(kubernetes, clock, "billing")
    reports = UsageReports(kubernetes.store, kubernetes, tokens, clock, lambda: found[0].watched)
    add_report_route(app, reports)
    async with (
        listening(app, "127.0.0.1", 0) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        found.append(Receiver(client, kubernetes, clock, reports))
        yield found[0]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with a_receiver() as running:
        yield running


async def test_tbs_16_a_report_is_accepted_once_each_tenant_s_totals_are_kept(receiver: Receiver) -> None:
    answer = await receiver.push(
        of("acme", end_devices="345", activated_end_devices="301"), of("beta", end_devices="7")
    )
    assert (answer.status_code, answer.json()) == (200, {})
    assert (receiver.kept("acme"), receiver.kept("beta")) == ((345, 301), (7, None))


async def test_an_unchanged_figure_is_not_written_again_at_once(receiver: Receiver) -> None:
    for _ in range(3):
        await receiver.push(of("acme", end_devices=5))
    assert receiver.kubernetes.count("annotate") == 1
    await receiver.push(of("acme", end_devices=6))
    assert receiver.kubernetes.count("annotate") == 2


STRANGERS = [
    pytest.param(None, id="without a token"),
    pytest.param("wrong", id="with another token"),
    pytest.param("s3cret-of-\u00e9", id="with signs that no token has"),
    pytest.param("s3cret-of-\udcff", id="with bytes that are no text"),
]


@pytest.mark.parametrize("token", STRANGERS)
async def test_a_stranger_is_refused(receiver: Receiver, token: str | None) -> None:
    with capture_logs() as lines:
        headers = (
            {} if token is None else {b"Authorization": f"Bearer {token}".encode(errors="surrogateescape")}
        )
        body = json.dumps({"tenants": [of("acme", end_devices=5)]})
        answer = await receiver.client.post(REPORT_PATH, content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, 16)
    assert receiver.kept() is None
    assert TOKEN not in json.dumps(lines, default=str)


async def test_an_address_is_a_second_lock(receiver: Receiver) -> None:
    for expressions, expected in ((["^10\\."], 401), (["^10\\.", "^127\\.0\\."], 200)):
        async with a_receiver(a_cluster(addressExpressions=expressions)) as locked:
            assert (await locked.push(of("acme", end_devices=5))).status_code == expected
            assert (await locked.push(of("acme", end_devices=5), token="wrong")).status_code == 401


ADDRESSES = [
    pytest.param([], "10.0.0.7", True, id="no second lock"),
    pytest.param(["^10\\.0\\."], "10.0.0.7", True, id="matches"),
    pytest.param(["10\\.0\\."], "10.0.0.7", True, id="is anchored without being so written"),
    pytest.param(["10\\.0\\."], "210.0.0.7", False, id="begins otherwise"),
    pytest.param(["^10\\.0\\."], "::ffff:10.0.0.7", True, id="an IPv4 address in another form"),
    pytest.param(["^fd00:"], "fd00::7", True, id="IPv6"),
    pytest.param(["("], "10.0.0.7", False, id="no expression"),
    pytest.param(["("], "", False, id="no address"),
]


@pytest.mark.parametrize(("expressions", "address", "allowed"), ADDRESSES)
def test_addresses_are_matched_from_their_beginning(
    expressions: list[str], address: str, allowed: bool
) -> None:
    cluster = ThingsStackCluster.from_kubernetes(a_cluster(addressExpressions=expressions))
    assert is_allowed(cluster, address) is allowed
    assert not is_allowed(ThingsStackCluster.from_kubernetes(bodies.a_cluster()), address)


async def test_a_cluster_that_is_pulled_takes_no_reports() -> None:
    async with a_receiver(a_cluster(source="Pull")) as pulled:
        answer = await pulled.push(of("acme", end_devices=5))
    assert (answer.status_code, answer.json()["code"]) == (400, 9)
    assert "Pull" in answer.json()["message"]


async def test_a_token_of_two_clusters_is_nobody_s() -> None:
    async with a_receiver(a_cluster("eu1"), a_cluster("eu2")) as shared:
        shared.kubernetes.secrets["billing", "eu2-push", "token"] = TOKEN
        assert (await shared.push(of("acme", end_devices=5))).status_code == 401


async def test_another_cluster_s_tenants_are_unknown() -> None:
    async with a_receiver(a_cluster("eu1"), a_cluster("eu2")) as two:
        answer = await two.push(of("acme", end_devices=5), token="s3cret-of-eu2")
        assert answer.headers.get_list("X-Warning") == ["acme: there is no TenantSubscription for it"]
        assert two.kept() is None


async def test_bad_entries_are_skipped_and_said_and_hold_no_other(receiver: Receiver) -> None:
    with capture_logs() as lines:
        answer = await receiver.push(
            of("nobody", end_devices=5),
            of("beta", end_devices=-1),
            of("x\r\nSet-Cookie: a", end_devices=1),
            {"tenant_id": "acme"},
            of("acme", end_devices=5),
        )
    assert answer.status_code == 200
    warnings = answer.headers.get_list("X-Warning")
    assert len(warnings) == 4
    assert "Set-Cookie" not in answer.headers
    assert (receiver.kept("acme"), receiver.kept("beta")) == ((5, None), None)
    assert receiver.reports.skipped == 4
    assert [line["number_skipped"] for line in lines if line["event"] == "usage report"] == [4]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
async def test_what_is_no_report_is_refused(receiver: Receiver, content: bytes) -> None:
    answer = await receiver.push(content=content)
    assert (answer.status_code, answer.json()["code"]) == (400, 3)


async def test_a_report_that_is_too_large_is_refused(receiver: Receiver) -> None:
    answer = await receiver.push(content=b" " * (LARGEST_REPORT + 1))
    assert answer.status_code == 413


async def test_nothing_is_kept_of_what_a_stranger_sends(receiver: Receiver) -> None:
    """Many of the largest at once would be the end of the process."""
    answer = await receiver.push(content=b" " * (LARGEST_REPORT + 1), token="wrong")
    assert answer.status_code == 401


async def test_what_cannot_be_kept_must_come_again(receiver: Receiver) -> None:
    receiver.kubernetes.fail("annotate", Unreachable("the API server is down"))
    answer = await receiver.push(of("acme", end_devices=5), of("beta", end_devices=7))
    assert (answer.status_code, answer.json()["code"]) == (503, 14)
    assert (await receiver.push(of("acme", end_devices=5), of("beta", end_devices=7))).status_code == 200
    assert (receiver.kept("acme"), receiver.kept("beta")) == ((5, None), (7, None))


async def test_an_object_that_has_gone_meanwhile_is_no_loss(receiver: Receiver) -> None:
    receiver.kubernetes.fail("annotate", ObjectGone("acme"))
    assert (await receiver.push(of("acme", end_devices=5))).status_code == 200


async def test_before_all_is_seen_nothing_is_accepted(receiver: Receiver) -> None:
    receiver.watched = False
    assert (await receiver.push(of("acme", end_devices=5))).status_code == 503


async def test_secrets_are_read_now_and_then(receiver: Receiver) -> None:
    for _ in range(3):
        await receiver.push(of("acme", end_devices=5), token="wrong")
    assert receiver.kubernetes.count("secret_value") == 1
    receiver.kubernetes.secrets["billing", "eu1-push", "token"] = "new"
    receiver.clock.advance(31)
    assert (await receiver.push(of("acme", end_devices=5), token="new")).status_code == 200
    receiver.clock.advance(31)
    receiver.kubernetes.fail("secret_value", Unreachable("no answer."))
    assert (await receiver.push(of("acme", end_devices=5), token="new")).status_code == 200


async def test_without_any_secret_a_report_waits_or_is_refused(receiver: Receiver) -> None:
    receiver.kubernetes.fail("secret_value", Unreachable("no answer."))
    assert (await receiver.push(of("acme", end_devices=5))).status_code == 503
    receiver.clock.advance(1)
    del receiver.kubernetes.secrets["billing", "eu1-push", "token"]
    assert (await receiver.push(of("acme", end_devices=5))).status_code == 401


@pytest.mark.parametrize(
    "status",
    [
        pytest.param({"tenantState": "Unknown"}, id="refused"),
        pytest.param({}, id="not looked at yet"),
        pytest.param(
            {"subscriptionID": "sub_own", "tenantState": "Unknown"}, id="with a purchase of its own"
        ),
    ],
)
async def test_nobody_learns_how_a_tenant_is_used_by_naming_its_id(
    receiver: Receiver, status: dict[str, str]
) -> None:
    receiver.kubernetes.store.arrive(
        bodies.a_subscription("stranger", namespace="elsewhere", tenant="acme", status=status)
    )
    await receiver.push(of("acme", end_devices=345))
    stranger = receiver.kubernetes.store.subscription("elsewhere", "stranger")
    assert stranger is not None
    assert (receiver.kept("acme"), PUSHED in stranger.metadata.annotations) == ((345, None), False)
