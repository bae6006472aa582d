"""What ``doctor`` makes of rights, definitions and the Lease."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from diagnosis_builders import a_backend, a_cluster, a_plan, a_subscription, only, statuses
from manifests import REPOSITORY, schema
from tenant_billing.api import names
from tenant_billing.domain.diagnosis import definitions, leader, results, rights
from tenant_billing.domain.diagnosis.definitions import DefinitionSeen
from tenant_billing.domain.diagnosis.leader import LeaseSeen
from tenant_billing.domain.diagnosis.results import Finding, Status, Unreadable
from tenant_billing.domain.diagnosis.rights import Right

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
NAMESPACE = "tenant-billing-system"
LEASE = "tenant-billing-operator"


# -- sums


def test_only_errors_make_a_script_fail() -> None:
    warned = [Finding("a", "b", status, "c") for status in Status if status is not Status.ERROR]
    assert results.exit_status(warned) == 0
    assert results.exit_status([*warned, Finding("a", "b", Status.ERROR, "c", "d")]) == 1
    assert results.counted(warned) == {
        Status.OK: 1,
        Status.WARNING: 1,
        Status.ERROR: 0,
        Status.SKIPPED: 1,
    }


def test_a_command_that_was_allowed_to_look_at_nothing_does_not_end_well() -> None:
    answers = Finding("api-server", "Kubernetes", Status.OK, "it answers")
    lacking = Finding("own-rights", "you", Status.WARNING, "may not list everything")
    skipped = Finding("objects", "BillingPlan", Status.SKIPPED, "forbidden")
    assert results.exit_status([answers, lacking, skipped]) == results.EXIT_NOTHING_SEEN == 2
    assert results.exit_status([answers, lacking, skipped, replace(skipped, status=Status.OK)]) == 0


def test_a_finding_in_json_has_all_members() -> None:
    found = Finding("leader", "Lease a/b", Status.OK, "held").to_json()
    assert found == {
        "check": "leader",
        "subject": "Lease a/b",
        "status": "ok",
        "finding": "held",
        "remedy": "",
    }


# -- rights


def everything() -> list[Right]:
    """All rights of an installation in which every feature is used."""
    backend = a_backend(
        {"spec.stripe.webhook": {"url": "https://hooks.example.com/x", "secretName": "main-webhook"}}
    )
    plan = a_plan({"spec.discovery": {"namespace": "tenants", "clusterRef": {"name": "eu1"}}})
    needed = rights.for_objects(NAMESPACE, [backend], [a_cluster()], [plan], [])
    return [*rights.of_operator(NAMESPACE, LEASE), *needed]


def granted(role: str) -> set[tuple[str, str, str]]:
    """What the roles of a name grant; the file is rendered from the chart."""
    file = REPOSITORY / "deploy" / "kustomize" / "rights.yaml"
    documents = yaml.safe_load_all(file.read_text(encoding="utf-8"))
    return {
        (group, resource, verb)
        for document in documents
        if document["metadata"]["name"] == role
        for rule in document.get("rules", ())
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_the_manifests_grant_what_is_needed_and_nothing_else() -> None:
    assert {(each.group, each.resource, each.verb) for each in everything()} == granted(
        "tenant-billing-operator"
    )


def test_an_initial_password_needs_its_own_secret_in_the_tenants_namespace() -> None:
    admin = {"userID": "ann", "email": "ann@acme.example"}
    without = a_subscription("without", {"spec.tenant.initialAdmin": admin})
    secret = {"passwordSecretRef": {"name": "ann", "key": "password"}}
    with_one = a_subscription("with", {"spec.tenant.initialAdmin": admin | secret})
    found = list(rights.for_objects(NAMESPACE, [], [], [], [a_subscription(), without, with_one]))
    assert found == [Right("", "secrets", "get", "tenants", "ann")]
    assert {(each.group, each.resource, each.verb) for each in found} == granted(
        "tenant-billing-initial-passwords"
    )


def test_what_is_not_used_is_not_asked_for() -> None:
    found = list(rights.for_objects(NAMESPACE, [a_backend()], [], [a_plan()], []))
    assert {(each.resource, each.verb) for each in found} == {("secrets", "get")}


def test_every_secret_that_a_cluster_names_is_asked_for_by_name() -> None:
    cluster = a_cluster(
        {
            "spec.caBundleSecretRef": {"name": "ca", "key": "ca.crt"},
            "spec.metering": {"push": {"bearerTokenSecretRef": {"name": "push", "key": "token"}}},
        }
    )
    found = rights.for_objects(NAMESPACE, [], [cluster], [], [])
    assert [each.name for each in found] == ["things-stack", "ca", "push"]


def test_a_missing_right_is_named_with_its_verbs_and_the_remedy() -> None:
    answers: dict[Right, bool | Unreadable] = dict.fromkeys(everything(), True)
    answers[Right("", "namespaces", "list")] = False
    answers[Right("", "namespaces", "watch")] = False
    answers[Right("", "secrets", "get", NAMESPACE, "stripe")] = False
    found = list(rights.judge_operator(f"{NAMESPACE}/operator", answers))
    assert [each.finding for each in found] == [
        "may not list, watch namespaces",
        "may not get secrets stripe in namespace tenant-billing-system",
    ]
    assert {each.status for each in found} == {Status.ERROR}
    assert "deploy/kustomize" in found[0].remedy


def test_all_rights_are_one_finding() -> None:
    answers: dict[Right, bool | Unreadable] = dict.fromkeys(everything(), True)
    found = only(rights.judge_operator("a/b", answers))
    assert (found.status, found.finding) == (
        Status.OK,
        f"all {len(answers)} rights that are needed are granted",
    )


def test_who_may_not_ask_for_others_rights_learns_that() -> None:
    right = Right(names.GROUP, "billingplans", "list")
    found = only(rights.judge_operator("a/b", {right: Unreadable("reviews are forbidden")}))
    assert (found.status, found.finding) == (Status.SKIPPED, "reviews are forbidden")
    assert "subjectaccessreviews" in found.remedy


def test_what_the_person_may_not_read_is_a_warning() -> None:
    wanted = list(rights.of_command(NAMESPACE, LEASE, ["stripe", "stripe"]))
    assert Right("", "secrets", "get", NAMESPACE, "stripe") in wanted
    assert len(wanted) == len(set(wanted))
    answers: dict[Right, bool | Unreadable] = {each: each.resource != "secrets" for each in wanted}
    found = only(rights.judge_command(answers))
    assert found.status is Status.WARNING


# -- definitions


def seen(kind: names.ResourceKind, **changes: Any) -> DefinitionSeen:
    whole: dict[str, Any] = {
        "established": True,
        "served": frozenset({names.VERSION}),
        "schema": schema(kind.kind),
    }
    return DefinitionSeen(**whole | changes)


def judged(**changed: DefinitionSeen | Unreadable | None) -> list[Finding]:
    """The findings where the definitions of some kinds, by their plural, are not as they should be."""
    found = {kind: changed.get(kind.plural, seen(kind)) for kind in names.KINDS}
    return list(definitions.judge(found))


def test_the_definitions_of_this_version_are_well() -> None:
    found = only(judged())
    assert found.status is Status.OK
    assert found.finding.startswith("4 of 4 are established, serve v1alpha1")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (None, "is not installed"),
        (seen(names.BILLING_PLAN, established=False), "is not established"),
        (seen(names.BILLING_PLAN, served=frozenset({"v1"})), "does not serve v1alpha1 (served: v1)"),
        (seen(names.BILLING_PLAN, served=frozenset(), schema=None), "(served: none)"),
    ],
)
def test_a_definition_that_serves_nothing_is_an_error(answer: DefinitionSeen | None, told: str) -> None:
    wrong, well = judged(billingplans=answer)
    assert (wrong.subject, wrong.status) == ("billingplans.tenantbilling.dev", Status.ERROR)
    assert told in wrong.finding
    assert wrong.remedy
    assert well.finding.startswith("3 of 4")


def test_a_definition_that_cannot_be_read_is_skipped() -> None:
    assert judged(billingplans=Unreadable("forbidden"))[0].status is Status.SKIPPED


def test_where_no_definition_is_there_nothing_is_well() -> None:
    missing: dict[str, DefinitionSeen | Unreadable | None] = {kind.plural: None for kind in names.KINDS}
    assert {each.status for each in judged(**missing)} == {Status.ERROR}


def test_an_older_definition_drops_fields_and_values() -> None:
    older = schema(names.BILLING_PLAN.kind)
    del older["properties"]["status"]["properties"]["waiting"]
    older["properties"]["spec"]["properties"]["newSubscriptions"]["enum"].remove("Refuse")
    (wrong, _) = judged(billingplans=seen(names.BILLING_PLAN, schema=older))
    assert wrong.status is Status.ERROR
    told = "is older than this version: it drops spec.newSubscriptions=Refuse, status.waiting"
    assert wrong.finding.startswith(told)


def test_of_many_missing_fields_the_first_are_named() -> None:
    nothing: dict[str, Any] = {"properties": {"spec": {}, "status": {}}}
    (wrong, _) = judged(billingplans=seen(names.BILLING_PLAN, schema=nothing))
    assert " more" in wrong.finding


def test_a_newer_definition_is_a_warning() -> None:
    newer = schema(names.BILLING_PLAN.kind)
    newer["properties"]["spec"]["properties"]["discount"] = {"type": "string"}
    (wrong, _) = judged(billingplans=seen(names.BILLING_PLAN, schema=newer))
    assert (wrong.status, wrong.finding) == (
        Status.WARNING,
        "is newer than this program: it has spec.discount",
    )


# -- the leader


def lease(age: float, holder: str = "pod-1") -> LeaseSeen:
    return LeaseSeen(holder, NOW - timedelta(seconds=age), 15.0, 3, NOW)


@pytest.mark.parametrize(
    ("held", "expected", "told"),
    [
        (lease(1), Status.OK, "held by pod-1, renewed 1 s ago, 3 changes of the leader so far"),
        (lease(-5), Status.OK, "renewed 0 s ago"),
        (lease(50), Status.WARNING, "pod-1 renewed it 50 s ago: no replica works, or its clock is behind"),
        (lease(90), Status.ERROR, "pod-1 renewed it 90 s ago: no replica works"),
        (lease(600), Status.ERROR, "10 min ago"),
        (lease(9000), Status.ERROR, "2 h ago"),
        (lease(400_000), Status.ERROR, "4 d ago"),
        (lease(1, holder=""), Status.ERROR, "nobody holds it"),
        (LeaseSeen("pod-1", None, 15.0, 0, NOW), Status.ERROR, "nobody holds it"),
        (None, Status.ERROR, "no operator has ever run here"),
        (Unreadable("forbidden"), Status.SKIPPED, "forbidden"),
    ],
)
def test_the_lease_tells_whether_a_replica_works(
    held: LeaseSeen | Unreadable | None, expected: Status, told: str
) -> None:
    found = only(leader.judge(held, NAMESPACE, LEASE))
    assert found.status is expected
    assert told in found.finding


def test_a_leader_from_the_future_has_a_wrong_clock() -> None:
    well, clock = leader.judge(lease(-300), NAMESPACE, LEASE)
    assert statuses([well, clock]) == [("leader", Status.OK), ("leader-clock", Status.WARNING)]
    assert "5 min ahead" in clock.finding
