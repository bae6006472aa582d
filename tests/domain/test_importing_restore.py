"""What an import makes of what the operator itself had made, once the cluster is lost."""

from dataclasses import replace
from typing import Any

import pytest

from importing_builders import NAMES, Left, marks
from tenant_billing.domain.importing.remarks import Severity
from tenant_billing.domain.importing.result import Import, imported
from tenant_billing.domain.importing.sources import marks_in
from tenant_billing.domain.observations import Customer, Discount, Schedule, TenantState
from tenant_billing.domain.subscription_settings import coupon_digest
from tenant_billing.runtime.observed import MODELS


def objects(result: Import, kind: str = "TenantSubscription") -> dict[str, dict[str, Any]]:
    found = {}
    for each in result.resources:
        if each["kind"] == kind:
            MODELS[kind].from_kubernetes(each, unknown_fields="forbid")
            metadata = each["metadata"]
            found["/".join(filter(None, (metadata.get("namespace"), metadata["name"])))] = each["spec"]
    return found


def notes(result: Import) -> list[tuple[str, str]]:
    return [(each.subject, each.problem) for each in result.remarks if each.severity is Severity.NOTE]


def ours(tenant: str = "acme", *, claim: str = "", customer: Customer | None = None, **other: Any) -> Left:
    """One tenant of ours: its plan, its customer, its subscription."""
    left = Left()
    left.own_price()
    left.customers.append(
        customer or Customer(f"cus_{tenant}", name="Acme Ltd", email="b@acme.example", metadata=marks(tenant))
    )
    sold = left.sold(
        tenant,
        "price_starter",
        **{
            "metadata": marks(tenant, plan="starter"),
            "customer": customer.id if customer else None,
            **other,
        },
    )
    left.tenant_of_ours(sold, claim)
    return left


def test_an_object_stands_again_where_its_tenant_says_that_it_stood() -> None:
    result = ours(claim="default/customers/acme-iot").imported()
    assert objects(result) == {
        "customers/acme-iot": {
            "planRef": {"name": "starter"},
            "customer": {"details": {"email": "b@acme.example", "name": "Acme Ltd"}},
            "clusterRef": {"name": "eu1"},
            "tenant": {"id": "acme", "name": "Acme"},
            "deletionPolicy": "Orphan",
        }
    }


def test_its_plan_has_the_terms_of_its_price_and_the_limits_of_its_tenants() -> None:
    result = ours().imported()
    assert objects(result, "BillingPlan") == {
        "starter": {
            "backendRef": {"name": "main"},
            "displayName": "starter",
            "price": {"recurring": {"currency": "EUR", "unitAmount": 4900, "interval": "Month"}},
            "entityLimits": {"endDevices": 500},
            "allowedNamespaces": {"from": "All"},
        }
    }
    ((_, problem),) = [each for each in notes(result) if each[0] == "BillingPlan starter"]
    assert "are the defaults" in problem


def test_nothing_in_it_needs_trust() -> None:
    assert "trustedNamespaces" not in objects(ours().imported(), "BillingBackend")["main"]


def test_the_price_that_holds_the_lookup_key_is_the_plan_s_of_today() -> None:
    left = ours()
    left.own_price(identity="price_former", unit_amount=3900, lookup_key=None, active=False)
    (plan,) = objects(left.imported(), "BillingPlan").values()
    assert plan["price"]["recurring"]["unitAmount"] == 4900


def test_a_plan_without_tenants_is_restored_without_limits() -> None:
    left = Left()
    left.own_price("growth")
    (plan,) = objects(left.imported(), "BillingPlan").values()
    assert "entityLimits" not in plan


def test_texts_and_tax_code_of_the_product_are_the_plan_s() -> None:
    left = ours()
    left.products[0] = replace(left.products[0], name="Starter", description="500", tax_code="txcd_1")
    (plan,) = objects(left.imported(), "BillingPlan").values()
    assert (plan["displayName"], plan["description"], plan["tax"]) == ("Starter", "500", {"code": "txcd_1"})


def test_the_plan_last_applied_is_the_one_asked_for_although_stripe_has_another() -> None:
    left = ours()
    left.own_price("growth")
    left.subscriptions[0] = replace(
        left.subscriptions[0], items=(replace(left.subscriptions[0].items[0], price_id="price_growth"),)
    )
    (spec,) = objects(left.imported()).values()
    assert spec["planRef"] == {"name": "starter"}


def test_a_plan_that_is_gone_is_replaced_by_the_one_in_force() -> None:
    left = ours(metadata=marks("acme", plan="vanished"))
    (spec,) = objects(left.imported()).values()
    assert spec["planRef"] == {"name": "starter"}


def test_a_customer_of_a_sibling_is_named_by_it() -> None:
    left = ours()
    lab = left.sold("lab", "price_starter", customer="cus_acme", metadata=marks("lab", plan="starter"))
    left.tenant_of_ours(lab)
    found = objects(left.imported())
    assert found["tenants/lab"]["customer"] == {"subscriptionRef": {"name": "acme"}}


def test_a_customer_of_nobody_is_named_by_its_id_and_that_needs_trust() -> None:
    result = ours(customer=Customer("cus_shared", name="Shared")).imported()
    (spec,) = objects(result).values()
    assert spec["customer"] == {"id": "cus_shared"}
    assert "trustedNamespaces" in objects(result, "BillingBackend")["main"]


def test_a_customer_that_was_not_listed_is_named_by_its_id() -> None:
    left = ours()
    left.customers.clear()
    (spec,) = objects(left.imported()).values()
    assert spec["customer"] == {"id": "cus_acme"}


def test_a_tenant_that_an_administrator_suspended_stays_so() -> None:
    left = ours()
    left.tenants[0] = replace(
        left.tenants[0],
        state=TenantState.SUSPENDED,
        state_description="Billing: suspended by an administrator",
    )
    (spec,) = objects(left.imported()).values()
    assert spec["accessPolicy"] == "Suspend"


def test_a_subscription_that_awaits_its_first_payment_gets_its_object_back() -> None:
    left = ours(status="incomplete")
    left.tenants.clear()
    result = left.imported()
    assert list(objects(result)) == ["tenants/acme"]
    assert any("does not exist yet" in problem for _, problem in notes(result))


def test_what_has_ended_without_a_tenant_is_over() -> None:
    left = ours(status="canceled")
    left.tenants.clear()
    assert objects(left.imported()) == {}


def test_collection_by_invoice_is_restored_where_the_spec_had_said_it() -> None:
    given: dict[str, Any] = {"collection_method": "send_invoice", "days_until_due": 14}
    mark = {"tenantbilling.dev/collection": "Invoice"}
    (spec,) = objects(ours(metadata=marks("acme", plan="starter") | mark, **given).imported()).values()
    assert spec["collection"] == {"method": "Invoice", "daysUntilDue": 14}
    (spec,) = objects(ours(**given).imported()).values()
    assert "collection" not in spec


def test_coupons_that_the_spec_named_are_restored_and_others_stay_in_stripe() -> None:
    mark = {"tenantbilling.dev/discounts": f"{coupon_digest('PILOT20')},{coupon_digest('USED')}"}
    discounts = (Discount("di_1", "FROM_STRIPE"), Discount("di_2", "PILOT20"), Discount("di_3"))
    left = ours(metadata=marks("acme", plan="starter") | mark, discounts=discounts)
    result = left.imported()
    (spec,) = objects(result).values()
    assert spec["discounts"] == [{"couponID": "PILOT20"}]
    assert "trustedNamespaces" in objects(result, "BillingBackend")["main"]


def test_an_upgrade_that_waits_for_its_payment_is_still_asked_for() -> None:
    left = ours(metadata=marks("acme", plan="starter") | {"tenantbilling.dev/upgrade": "growth"})
    left.own_price("growth")
    (spec,) = objects(left.imported()).values()
    assert spec["planRef"] == {"name": "growth"}


@pytest.mark.parametrize(("owner", "expected"), [("default", "growth"), ("somebody", "starter")])
def test_a_change_at_the_period_s_end_is_still_asked_for_if_it_is_ours(owner: str, expected: str) -> None:
    schedule = Schedule("sub_sched_1", (), marks("acme", plan="growth", owner=owner))
    left = ours(schedule=schedule, schedule_id="sub_sched_1")
    left.own_price("growth")
    (spec,) = objects(left.imported()).values()
    assert spec["planRef"] == {"name": expected}


@pytest.mark.parametrize("claim", ["default/Bad_Namespace/acme", "other/tenants/elsewhere", "no-claim"])
def test_a_claim_that_cannot_be_used_leaves_the_default_place(claim: str) -> None:
    assert list(objects(ours(claim=claim).imported())) == ["tenants/acme"]


def test_two_tenants_that_claim_one_object_get_one_each() -> None:
    left = ours(claim="default/tenants/shared")
    left.customers.append(Customer("cus_beta", metadata=marks("beta")))
    beta = left.sold("beta", "price_starter", metadata=marks("beta", plan="starter"))
    left.tenant_of_ours(beta, "default/tenants/shared")
    result = left.imported()
    assert list(objects(result)) == ["tenants/beta", "tenants/shared"]
    assert any(subject == "tenant beta" for subject, _ in notes(result))


def test_a_long_tenant_name_is_not_asked_for() -> None:
    left = ours()
    left.tenants[0] = replace(left.tenants[0], name="x" * 51)
    (spec,) = objects(left.imported()).values()
    assert spec["tenant"] == {"id": "acme"}


def test_what_another_installation_made_is_that_one_s() -> None:
    left = ours()
    left.sold("theirs", "price_starter", metadata=marks("theirs", owner="other"))
    result = left.imported()
    assert list(objects(result)) == ["tenants/acme"]
    (told,) = [each for each in result.remarks if each.subject.startswith("owner other")]
    assert told.remedy.endswith("--owner other --cluster-name eu1")


def test_a_plan_whose_mark_is_no_name_of_kubernetes_gets_one() -> None:
    left = Left()
    left.own_price("Not A Name")
    assert list(objects(left.imported(), "BillingPlan")) == ["not-a-name"]


def test_certificates_are_named_where_they_were_given() -> None:
    left = ours()
    left.names = replace(NAMES, ca_bundle_secret="things-stack-ca")
    spec = objects(left.imported(), "ThingsStackCluster")["eu1"]
    assert spec["caBundleSecretRef"] == {"name": "things-stack-ca", "key": "ca.crt"}


def test_a_sandbox_is_named_by_its_address() -> None:
    left = ours()
    source = replace(left.source(), api_url="http://127.0.0.1:1")
    assert objects(imported(source), "BillingBackend")["main"]["stripe"]["apiURL"] == "http://127.0.0.1:1"


def test_owner_and_cluster_are_those_that_most_marks_name() -> None:
    left = ours()
    source = left.source()
    assert marks_in(source.subscriptions, source.tenants) == ("default", "eu1")
    assert marks_in((), source.tenants) is None
