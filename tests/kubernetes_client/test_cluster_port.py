"""The Cluster port against a real kube-apiserver."""

import base64
from pathlib import Path
from typing import Any

import pytest

from kubernetes_bodies import a_plan, a_subscription
from plan_builders import NOW
from tenant_billing.api.names import API_VERSION, FIELD_MANAGER, KINDS, UNPRUNED
from tenant_billing.clients.kubernetes import KubernetesCluster
from tenant_billing.clients.kubernetes_api import KubernetesApi
from tenant_billing.clients.kubernetes_configuration import connected, load_configuration
from tenant_billing.domain.discovered_object import NewObject
from tenant_billing.domain.errors import Forbidden, Refused, Unauthorized
from tenant_billing.domain.observations import Subscription
from tenant_billing.ports import (
    ListedObject,
    ObjectConflict,
    ObjectGone,
    ObjectKey,
    SecretKeyMissing,
    SecretNotFound,
)
from tenant_billing.runtime.clock import SystemClock
from tenant_billing_sandbox.control_plane.plane import ControlPlane

KIND = "TenantSubscription"
ANOTHER_UID = "00000000-0000-0000-0000-000000000000"


def path(namespace: str, name: str = "") -> str:
    return f"/apis/{API_VERSION}/namespaces/{namespace}/tenantsubscriptions/{name}".rstrip("/")


async def create(api: KubernetesApi, namespace: str, name: str = "acme") -> dict[str, Any]:
    body = a_subscription(name, namespace=namespace)
    body["metadata"] = {"name": name, "namespace": namespace}
    return await api.call("POST", path(namespace), body=body)


async def test_a_status_is_written_whole_and_what_is_left_out_disappears(
    api: KubernetesApi, cluster: KubernetesCluster, namespace: str
) -> None:
    made = await create(api, namespace)
    uid = made["metadata"]["uid"]
    await cluster.apply_status(
        KIND, namespace, "acme", uid, {"customerID": "cus_1", "subscriptionID": "sub_1"}
    )
    after = await cluster.apply_status(KIND, namespace, "acme", uid, {"customerID": "cus_2"})
    assert after["status"] == {"customerID": "cus_2"}
    assert after["spec"] == made["spec"]
    assert after["metadata"]["generation"] == made["metadata"]["generation"]


async def test_the_status_belongs_to_our_field_manager(
    api: KubernetesApi, cluster: KubernetesCluster, namespace: str
) -> None:
    made = await create(api, namespace)
    after = await cluster.apply_status(
        KIND, namespace, "acme", made["metadata"]["uid"], {"customerID": "cus_1"}
    )
    owners = {
        (each["manager"], each["operation"])
        for each in after["metadata"]["managedFields"]
        if each.get("subresource") == "status"
    }
    assert owners == {(FIELD_MANAGER, "Apply")}


async def test_the_status_of_an_object_of_the_same_name_is_not_written(
    api: KubernetesApi, cluster: KubernetesCluster, namespace: str
) -> None:
    await create(api, namespace)
    with pytest.raises(ObjectGone):
        await cluster.apply_status(KIND, namespace, "acme", ANOTHER_UID, {"customerID": "cus_1"})
    seen = await api.call("GET", path(namespace, "acme"))
    assert seen.get("status", {}) == {}


async def test_a_status_makes_no_object(cluster: KubernetesCluster, namespace: str) -> None:
    with pytest.raises(ObjectGone):
        await cluster.apply_status(KIND, namespace, "nobody", ANOTHER_UID, {"customerID": "cus_1"})


async def test_a_status_that_the_schema_refuses_is_refused(
    api: KubernetesApi, cluster: KubernetesCluster, namespace: str
) -> None:
    made = await create(api, namespace)
    with pytest.raises(Refused):
        await cluster.apply_status(KIND, namespace, "acme", made["metadata"]["uid"], {"tenantState": "Happy"})


async def test_the_status_of_a_cluster_scoped_object_is_written(
    api: KubernetesApi, cluster: KubernetesCluster, namespace: str
) -> None:
    body = a_plan(namespace)
    body["metadata"] = {"name": namespace}
    made = await api.call("POST", f"/apis/{API_VERSION}/billingplans", body=body)
    after = await cluster.apply_status(
        "BillingPlan", None, namespace, made["metadata"]["uid"], {"priceID": "p"}
    )
    assert after["status"] == {"priceID": "p"}


def a_discovered(namespace: str) -> dict[str, Any]:
    bought = Subscription("sub_1", "cus_1", "active", NOW)
    return NewObject(namespace, "acme", "eu1", "main", bought).manifest()


async def test_a_discovered_object_is_made_with_a_spec_of_ours_and_nothing_that_prunes_takes_it(
    cluster: KubernetesCluster, namespace: str
) -> None:
    made = await cluster.create(a_discovered(namespace))
    assert made["spec"]["managementPolicy"] == "Observe"
    assert made["metadata"]["annotations"] == dict(UNPRUNED)
    assert {"ownerReferences", "labels"} & made["metadata"].keys() == set()
    assert {each["manager"] for each in made["metadata"]["managedFields"]} == {FIELD_MANAGER}


async def test_an_object_that_stands_already_is_not_changed(
    api: KubernetesApi, cluster: KubernetesCluster, namespace: str
) -> None:
    made = await create(api, namespace)
    with pytest.raises(ObjectConflict):
        await cluster.create(a_discovered(namespace))
    assert (await api.call("GET", path(namespace, "acme")))["spec"] == made["spec"]


async def test_an_object_is_not_made_where_there_is_no_namespace(cluster: KubernetesCluster) -> None:
    with pytest.raises(ObjectGone):
        await cluster.create(a_discovered("nowhere"))


async def test_finalizers_are_set_for_the_version_that_was_read(
    api: KubernetesApi, cluster: KubernetesCluster, namespace: str
) -> None:
    made = await create(api, namespace)
    after = await cluster.set_finalizers(made, ["tenantbilling.dev/finalizer", "example.com/other"])
    assert after["metadata"]["finalizers"] == ["tenantbilling.dev/finalizer", "example.com/other"]
    with pytest.raises(ObjectConflict):
        await cluster.set_finalizers(made, [])
    bare = await cluster.set_finalizers(after, [])
    assert "finalizers" not in bare["metadata"]


async def test_finalizers_of_an_object_that_is_gone_are_not_set(
    api: KubernetesApi, cluster: KubernetesCluster, namespace: str
) -> None:
    made = await create(api, namespace)
    await api.call("DELETE", path(namespace, "acme"))
    with pytest.raises(ObjectGone):
        await cluster.set_finalizers(made, ["tenantbilling.dev/finalizer"])


async def test_an_annotation_joins_those_that_are_there(
    api: KubernetesApi, cluster: KubernetesCluster, namespace: str
) -> None:
    await create(api, namespace)
    await cluster.annotate(KIND, namespace, "acme", {"a": "1"})
    await cluster.annotate(KIND, namespace, "acme", {"b": "2"})
    seen = await api.call("GET", path(namespace, "acme"))
    assert seen["metadata"]["annotations"] == {"a": "1", "b": "2"}
    with pytest.raises(ObjectGone):
        await cluster.annotate(KIND, namespace, "nobody", {"a": "1"})


async def make_secret(api: KubernetesApi, namespace: str, value: bytes) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "stripe"},
        "data": {"api-key": base64.b64encode(value).decode()},
    }
    await api.call("POST", f"/api/v1/namespaces/{namespace}/secrets", body=secret)


async def test_a_secret_is_read_without_the_line_break_at_its_end(
    api: KubernetesApi, cluster: KubernetesCluster, namespace: str
) -> None:
    await make_secret(api, namespace, b"sk_test_1\n")
    assert await cluster.secret_value(namespace, "stripe", "api-key") == "sk_test_1"
    with pytest.raises(SecretKeyMissing, match="no value under 'other'"):
        await cluster.secret_value(namespace, "stripe", "other")
    with pytest.raises(SecretNotFound):
        await cluster.secret_value(namespace, "nobody", "api-key")


@pytest.mark.parametrize("value", [b"", b"\n", b"\xff\xfe"], ids=["empty", "blank", "not text"])
async def test_a_secret_without_a_usable_value_lacks_the_key(
    api: KubernetesApi, cluster: KubernetesCluster, namespace: str, value: bytes
) -> None:
    await make_secret(api, namespace, value)
    with pytest.raises(SecretKeyMissing):
        await cluster.secret_value(namespace, "stripe", "api-key")


async def test_a_secret_is_written_once_and_replaced_only_in_the_version_that_was_read(
    cluster: KubernetesCluster, namespace: str
) -> None:
    marks = {"tenantbilling.dev/billing-backend": "main"}
    await cluster.apply_secret(namespace, "hook", {"secret": "whsec_1"}, marks, instead_of=None)
    first = await cluster.secret(namespace, "hook")
    assert first is not None
    assert (first.values, first.annotations) == ({"secret": "whsec_1"}, marks)
    assert "whsec_1" not in repr(first)
    await cluster.apply_secret(namespace, "hook", {"secret": "whsec_2"}, marks, instead_of=first)
    with pytest.raises(ObjectConflict):
        await cluster.apply_secret(namespace, "hook", {"secret": "whsec_3"}, marks, instead_of=first)
    assert await cluster.secret_value(namespace, "hook", "secret") == "whsec_2"
    assert await cluster.secret(namespace, "none") is None


async def test_a_secret_that_somebody_else_made_is_not_overwritten(
    api: KubernetesApi, cluster: KubernetesCluster, namespace: str
) -> None:
    body = {"metadata": {"name": "hook"}, "stringData": {"secret": "somebody's"}}
    await api.call("POST", f"/api/v1/namespaces/{namespace}/secrets", body=body)
    with pytest.raises(ObjectConflict):
        await cluster.apply_secret(namespace, "hook", {"secret": "whsec_1"}, {}, instead_of=None)
    assert await cluster.secret_value(namespace, "hook", "secret") == "somebody's"


async def test_a_namespace_that_is_being_deleted_is_being_removed(
    api: KubernetesApi, cluster: KubernetesCluster, namespace: str
) -> None:
    assert not await cluster.is_being_removed(KIND, namespace)
    assert not await cluster.is_being_removed("BillingPlan", None)
    await api.call("DELETE", f"/api/v1/namespaces/{namespace}")  # stays Terminating: no controller-manager
    assert await cluster.is_being_removed(KIND, namespace)
    assert await cluster.is_being_removed(KIND, "never-was")


async def events_about(api: KubernetesApi, namespace: str) -> list[dict[str, Any]]:
    found = await api.call("GET", f"/apis/events.k8s.io/v1/namespaces/{namespace}/events")
    items: list[dict[str, Any]] = found["items"]
    return items


async def test_an_event_is_told_once_per_change(
    api: KubernetesApi, cluster: KubernetesCluster, namespace: str
) -> None:
    made = await create(api, namespace)
    for reason in ("Suspended", "Suspended", "Provisioned", "Suspended"):
        await cluster.event(made, "Warning", reason, "tenant acme: " + reason)
    told = await events_about(api, namespace)
    assert sorted(each["reason"] for each in told) == ["Provisioned", "Suspended", "Suspended"]
    assert {each["reportingController"] for each in told} == {"tenantbilling.dev/tenant-billing-operator"}
    assert {each["regarding"]["uid"] for each in told} == {made["metadata"]["uid"]}


async def test_an_event_that_cannot_be_told_stops_nothing(
    api: KubernetesApi, cluster: KubernetesCluster, namespace: str
) -> None:
    made = await create(api, namespace)
    await cluster.event(made, "Fatal", "Suspended", "the API server refuses this type")
    assert await events_about(api, namespace) == []


async def test_a_long_event_is_cut(api: KubernetesApi, cluster: KubernetesCluster, namespace: str) -> None:
    made = await create(api, namespace)
    await cluster.event(made, "Normal", "Provisioned", "ä" * 5000)
    (told,) = await events_about(api, namespace)
    assert told["note"].startswith("ää")
    assert told["note"].endswith("ä…")
    assert 1020 <= len(told["note"].encode()) <= 1024


async def test_who_lacks_a_right_is_forbidden_and_who_is_unknown_unauthorized(
    control_plane: ControlPlane, api: KubernetesApi, namespace: str, tmp_path: Path
) -> None:
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "nobody"}}
    await api.call("POST", f"/api/v1/namespaces/{namespace}/serviceaccounts", body=account)
    token = await control_plane.token(namespace, "nobody")
    for bearer, expected in ((token, Forbidden), ("not-a-token", Unauthorized)):
        kubeconfig = control_plane.kubeconfig_for_token(bearer, tmp_path / "kubeconfig")
        async with connected(await load_configuration(kubeconfig)) as api_client:
            stranger = KubernetesCluster(KubernetesApi(api_client), SystemClock(), "test")
            with pytest.raises(expected) as caught:
                await stranger.secret_value(namespace, "stripe", "api-key")
            assert bearer not in str(caught.value)


async def test_everything_that_exists_is_named_with_its_uid_and_version(
    api: KubernetesApi, cluster: KubernetesCluster, namespace: str
) -> None:
    made = await create(api, namespace)
    home = await api.call("GET", f"/api/v1/namespaces/{namespace}")
    existing = await cluster.existing()
    for key, body in (
        (ObjectKey(KIND, namespace, "acme"), made),
        (ObjectKey("Namespace", "", namespace), home),
    ):
        metadata = body["metadata"]
        assert ListedObject(key, metadata["uid"], metadata["resourceVersion"]) in existing[key.kind]
    assert existing.keys() == {*(each.kind for each in KINDS), "Namespace"}


async def test_a_kind_that_is_not_served_is_unknown_and_not_empty(api: KubernetesApi) -> None:
    """While kube-apiserver starts it does not serve them yet; nobody was deleted for that."""

    class NotYetServed(KubernetesApi):
        async def call(self, method: str, path: str, **parameters: Any) -> dict[str, Any]:
            if "tenantbilling.dev" in path:
                raise ObjectGone("the server could not find the requested resource")
            return await api.call(method, path, **parameters)

    existing = await KubernetesCluster(NotYetServed(api._client), SystemClock(), "test").existing()
    assert existing.keys() == {"Namespace"}
