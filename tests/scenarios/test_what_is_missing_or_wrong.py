"""What does not exist yet is waited for by name, and what can never work is said before anything is bought."""

from typing import Final

import pytest

from manifests import REMOVED, Manifest, a
from scenario_scene import Scene
from scenario_stage import API, message_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIVE_KEY: Final = "sk_live_51LiveKeyInATestBackend"


async def test_cluster_that_does_not_exist_is_waited_for_by_name(scene: Scene) -> None:
    name = scene.named("later")
    acme = await scene.apply(await scene.plan(), {"spec.clusterRef.name": name})
    found = await scene.stage.until_ready(acme.path, "ClusterNotFound")
    assert name in message_of(found)

    await scene.cluster("later")

    await acme.until(ready="AwaitingPayment", stripe="incomplete")


async def test_password_that_does_not_exist_is_waited_for_and_nothing_is_bought_before(scene: Scene) -> None:
    reference = {"name": "ann", "key": "password"}
    admin = {"userID": "ann", "email": "ann@acme.example", "passwordSecretRef": reference}
    acme = await scene.apply(await scene.plan(), {"spec.tenant.initialAdmin": admin})
    assert "ann" in message_of(await scene.stage.until_ready(acme.path, "SecretNotFound"))
    await scene.stage.make_secret(scene.namespace, "ann", "passwort", "Initial-4711")
    assert "password" in message_of(await scene.stage.until_ready(acme.path, "SecretKeyMissing"))
    assert "customerID" not in (await acme.look()).status

    await scene.stage.make_secret(scene.namespace, "ann", "password", "Initial-4711")
    await acme.annotate(reconcile="now")  # else it is looked at later and later

    await acme.until(ready="AwaitingPayment", stripe="incomplete")


NEVER: Final = (
    pytest.param(
        {"spec.tenant.initialAdmin": REMOVED, "spec.customer.details.email": REMOVED},
        "e-mail",
        id="no e-mail",
    ),
    pytest.param({"spec.tenant.attributes": {"managed-by": "somebody"}}, "managed-by", id="one of ours"),
)


@pytest.mark.parametrize(("changes", "named"), NEVER)
async def test_tenant_that_could_never_be_made_is_said_before_any_call(
    scene: Scene, changes: Manifest, named: str
) -> None:
    plan, before = await scene.plan(), scene.writes()

    acme = await scene.apply(plan, changes)

    assert named in message_of(await scene.stage.until_ready(acme.path, "InvalidTenant"))
    assert scene.writes() == before


async def test_reserved_tenant_id_is_told_before_any_call(scene: Scene) -> None:
    plan, before = await scene.plan(), scene.writes()

    acme = await scene.apply(plan, tenant_id="admin")

    assert "reserved" in message_of(await scene.stage.until_ready(acme.path, "InvalidTenant"))
    assert scene.writes() == before


async def test_name_of_200_characters_is_cut_to_what_a_tenant_may_have(scene: Scene) -> None:
    long = {"spec.tenant.name": REMOVED, "spec.customer.details.name": "x" * 200}

    acme = await scene.subscribe(await scene.plan(), long)

    assert (await acme.look()).tenant["name"] == "x" * 50


async def test_live_key_of_a_test_backend_is_never_sent(scene: Scene) -> None:
    name = scene.named("live")
    await scene.stage.make_secret(scene.stage.namespace, name, "api-key", LIVE_KEY)
    changes = {
        "metadata.name": name,
        "spec.stripe.apiURL": scene.stage.stripe.url,
        "spec.stripe.apiKeySecretRef.name": name,
    }
    path = f"{API}/billingbackends/{name}"
    before = scene.stage.stripe.observed.record.counts().refused

    await scene.stage.apply(path, a("BillingBackend", changes))

    found = await scene.stage.until_ready(path, "ModeMismatch")
    assert LIVE_KEY not in str(found)
    assert scene.stage.stripe.observed.record.counts().refused == before
    await scene.stage.release(path)


async def test_wrong_tenant_admin_key_is_said_and_a_right_one_taken(scene: Scene) -> None:
    name = scene.named("wrong")
    await scene.stage.make_secret(scene.stage.namespace, name, "tenant-admin-key", "ab" * 32)
    changes = {
        "metadata.name": name,
        "spec.url": scene.stage.things_stack.url,
        "spec.tenantAdminKeySecretRef.name": name,
    }
    path = f"{API}/thingsstackclusters/{name}"
    await scene.stage.apply(path, a("ThingsStackCluster", changes))
    await scene.stage.until_ready(path, "InvalidCredentials")

    right = scene.stage.things_stack.tenant_admin_key
    await scene.stage.make_secret(scene.stage.namespace, name, "tenant-admin-key", right)
    await scene.stage.merge(path, {"metadata": {"annotations": {"tenantbilling.dev/reconcile": "now"}}})

    await scene.stage.until_ready(path, "Available")
    await scene.stage.release(path)
