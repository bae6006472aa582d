"""What the schema takes and refuses of a BillingBackend and a ThingsStackCluster."""

import pytest

from judging import BACKEND, CLUSTER, accepts, refuses
from manifests import REMOVED
from tenant_billing_sandbox.control_plane.plane import ControlPlane

SELECTOR = {"from": "Selector", "selector": {"matchLabels": {"billing": "trusted"}}}
OF = "spec.trustedNamespaces"
EXPRESSION = f"{OF}.selector.matchExpressions[0]"


def expression(**parts: object) -> dict[str, object]:
    """Namespaces trusted by one expression on the label ``team``."""
    return {OF: {"from": "Selector", "selector": {"matchExpressions": [{"key": "team", **parts}]}}}


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        pytest.param(
            BACKEND, {"spec.stripe.apiURL": "http://127.0.0.1:12111"}, id="a simulator in test mode"
        ),
        pytest.param(BACKEND, {"spec.stripe.mode": "Live"}, id="live, at Stripe's own address"),
        pytest.param(BACKEND, {"spec.trustedNamespaces": SELECTOR}, id="namespaces trusted by label"),
        pytest.param(BACKEND, expression(operator="NotIn", values=["guests"]), id="all teams but one"),
        pytest.param(BACKEND, expression(operator="Exists"), id="every team"),
        pytest.param(BACKEND, {"spec.owner": "a" * 20}, id="an owner of 20 characters"),
        pytest.param(CLUSTER, {"spec.url": "http://localhost:1885"}, id="http on loopback"),
        pytest.param(CLUSTER, {"spec.url": "http://[::1]:1885/"}, id="http on loopback of IPv6"),
        pytest.param(CLUSTER, {"spec.brake": {"maxDisruptionsPerHour": 0}}, id="each disruption approved"),
        pytest.param(CLUSTER, {"spec.brake": {"maxDisruptionsPerHour": "100%"}}, id="a share as the brake"),
    ],
)
async def test_accepted(definitions: ControlPlane, kind: str, changes: dict[str, object]) -> None:
    await accepts(definitions, kind, changes)


@pytest.mark.parametrize(
    ("kind", "changes", "field", "message"),
    [
        pytest.param(BACKEND, {"spec": {}}, "spec.stripe", "exactly one provider is required", id="no provider"),
        pytest.param(
            BACKEND,
            {"spec.stripe.mode": "Live", "spec.stripe.apiURL": "https://evil.example"},
            "spec.stripe.apiURL",
            "remove apiURL, a live key is sent to Stripe alone",
            id="a live key to another address",
        ),
        pytest.param(BACKEND, {"spec.stripe.mode": "live"}, "spec.stripe.mode", '"Live", "Test"', id="mode"),
        pytest.param(
            BACKEND, {"spec.stripe.apiKeySecretRef": REMOVED}, "spec.stripe.apiKeySecretRef", "Required", id="no key"
        ),
        pytest.param(
            BACKEND,
            {"spec.stripe.webhookSecretRefs": [{"name": f"s{number}"} for number in range(5)]},
            "spec.stripe.webhookSecretRefs",
            "must have at most 4 items",
            id="five webhook secrets",
        ),
        pytest.param(
            BACKEND,
            {"spec.stripe.webhookSecretRefs": [{"name": "s"}, {"name": "s", "key": "secret"}]},
            "spec.stripe.webhookSecretRefs[1]",
            "Duplicate value",
            id="one webhook secret twice, once by the default key",
        ),
        pytest.param(
            BACKEND, {"spec.stripe.requestsPerSecond": 101}, "spec.stripe.requestsPerSecond",
            "less than or equal to 100", id="above Stripe's limit",
        ),
        pytest.param(
            BACKEND, {"spec.stripe.webhook": {"url": "http://hooks.example", "secretName": "s"}},
            "spec.stripe.webhook.url", "^https://", id="a webhook without TLS",
        ),
        pytest.param(BACKEND, {"spec.owner": "a" * 21}, "spec.owner", "more than 20", id="a long owner"),
        pytest.param(BACKEND, {"spec.owner": "a/b"}, "spec.owner", "should match", id="an owner with a slash"),
        pytest.param(
            BACKEND, {"spec.trustedNamespaces": {"from": "Selector"}}, "spec.trustedNamespaces.selector",
            "selector is required with from: Selector", id="from Selector without one",
        ),
        pytest.param(
            BACKEND, {"spec.trustedNamespaces": {**SELECTOR, "from": "All"}}, "spec.trustedNamespaces.selector",
            "refused otherwise", id="a selector that would not count",
        ),
        *(
            pytest.param(
                kind, expression(**parts), f"{EXPRESSION}.values",
                "values are required with operator In or NotIn and refused otherwise", id=f"{kind}: {parts}",
            )
            for kind, parts in (
                (BACKEND, {"operator": "NotIn"}),  # would trust everybody
                (CLUSTER, {"operator": "In", "values": []}),
                (BACKEND, {"operator": "Exists", "values": ["a"]}),
            )
        ),
        *(
            pytest.param(CLUSTER, {"spec.url": url}, "spec.url", "url must be https, or http on loopback", id=url)
            for url in (
                "http://lns.example.com",
                "http://127.0.0.1.evil.example",
                "http://localhost@evil.example",
                "https://user:key@lns.example.com",
                "https://lns.example.com?a=b",
                "ftp://lns.example.com",
            )
        ),
        pytest.param(
            CLUSTER, {"spec.tenantAdminKeySecretRef.key": REMOVED}, "spec.tenantAdminKeySecretRef.key", "Required",
            id="a secret without its key",
        ),
        pytest.param(
            CLUSTER, {"spec.brake": {"maxDisruptionsPerHour": "500%"}}, "spec.brake.maxDisruptionsPerHour",
            "should match", id="more than all",
        ),
        pytest.param(
            CLUSTER, {"spec.brake": {"maxDisruptionsPerHour": -1}}, "spec.brake.maxDisruptionsPerHour",
            "greater than or equal to 0", id="a negative brake",
        ),
        pytest.param(
            CLUSTER, {"spec.metering": {"interval": "1d"}}, "spec.metering.interval", "should match", id="days"
        ),
    ],
)  # fmt: skip
async def test_refused_with_field_and_remedy(
    definitions: ControlPlane, kind: str, changes: dict[str, object], field: str, message: str
) -> None:
    await refuses(definitions, kind, changes, field, message)
