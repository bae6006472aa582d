"""What an import makes of tenants that the Tenant Billing Server manages."""

from import_results import of_kind, problems, specs
from importing_builders import Left


def test_a_tenant_becomes_an_observed_object_that_deletes_nothing() -> None:
    left = Left()
    left.price()
    left.tenant(left.sold())
    result = left.imported()
    (body,) = of_kind(result, "TenantSubscription")
    assert body["metadata"] == {"name": "acme", "namespace": "tenants"}
    assert body["spec"] == {
        "managementPolicy": "Observe",
        "backendRef": {"name": "main"},
        "subscriptionID": "sub_acme",
        "clusterRef": {"name": "eu1"},
        "tenant": {"id": "acme", "name": "Acme"},
        "deletionPolicy": "Orphan",
    }
    assert problems(result) == []


def test_its_price_becomes_a_plan_that_adopts_it_with_the_limits_of_its_metadata() -> None:
    left = Left()
    left.price()
    left.tenant(left.sold())
    assert specs(left.imported(), "BillingPlan") == {
        "starter": {
            "backendRef": {"name": "main"},
            "displayName": "Starter",
            "price": {"existing": {"priceID": "price_A", "limitsFrom": "PriceMetadata"}},
            "allowedNamespaces": {"from": "All"},
        }
    }


def test_backend_and_cluster_name_secrets_and_hold_no_key() -> None:
    left = Left()
    left.price()
    left.tenant(left.sold())
    result = left.imported()
    assert specs(result, "BillingBackend")["main"] == {
        "stripe": {
            "mode": "Test",
            "apiKeySecretRef": {"name": "stripe", "key": "api-key"},
            "accountID": "acct_1",
        },
        "owner": "default",
        "trustedNamespaces": {
            "from": "Selector",
            "selector": {
                "matchExpressions": [
                    {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["tenants"]}
                ]
            },
        },
    }
    assert specs(result, "ThingsStackCluster")["eu1"] == {
        "url": "https://lns.example.com",
        "tenantAdminKeySecretRef": {"name": "things-stack", "key": "tenant-admin-key"},
    }
    remedies = " ".join(each.remedy for each in result.remarks)
    assert "kubectl create secret generic stripe" in remedies
    assert "kubectl create secret generic things-stack" in remedies


def test_the_same_outside_gives_the_same_result_whatever_the_order_of_reading() -> None:
    left = Left()
    left.price()
    left.price("price_B", product="Growth", metadata={})
    for tenant, price in (("beta", "price_B"), ("acme", "price_A"), ("gamma", "price_B")):
        left.tenant(left.sold(tenant, price))
    first = left.imported()
    for each in (left.products, left.prices, left.customers, left.subscriptions, left.tenants):
        each.reverse()
    assert left.imported() == first


def test_an_attribute_of_the_first_generation_names_the_subscription_too() -> None:
    left = Left()
    left.price()
    attributes = {
        "managed-by": "stripe",
        "stripe-customer-id": "cus_acme",
        "stripe-plan-id": "price_A",
        "stripe-subscription-id": "sub_acme",
    }
    left.tenant(left.sold(), billing=None, attributes=attributes)
    assert list(specs(left.imported(), "TenantSubscription")) == ["acme"]


def test_a_tenant_that_nobody_bills_is_left_alone_in_silence() -> None:
    left = Left()
    left.price()
    sold = left.sold()
    left.tenant(sold)
    left.tenant(sold, id="internal", billing=None)
    result = left.imported()
    assert list(specs(result, "TenantSubscription")) == ["acme"]
    assert problems(result) == []
