"""Bad input that must be handled, and the test that shows how. A test that is renamed must be named here anew."""

from typing import Final

import pytest

from named_tests import exists

COVERED: Final = {
    "a plan without a price, or with two arms": "crds/test_plan_rules.py::test_refused_with_field_and_remedy",
    "a currency that does not exist": (
        "scenarios/test_plans.py::test_currency_that_does_not_exist_is_said_and_nothing_is_made"
    ),
    "a negative amount": "crds/test_plan_rules.py::test_refused_with_field_and_remedy",
    "a tenant id that breaks the pattern": "crds/test_subscription_rules.py::test_refused_with_field_and_remedy",
    "a tenant id that changes": "crds/test_immutable.py::test_may_not_change",
    "a tenant id that is reserved": (
        "scenarios/test_what_is_missing_or_wrong.py::test_reserved_tenant_id_is_told_before_any_call"
    ),
    "plan metadata that is not a number, or negative": (
        "scenarios/test_plan_limits.py::"
        "test_limits_that_become_unreadable_are_refused_and_the_tenants_keep_theirs"
    ),
    "plan metadata that is empty": (
        "domain/test_plan.py::test_limit_that_is_no_unsigned_decimal_is_refused_by_name"
    ),
    "a price of no plan, of a subscription that we manage": (
        "scenarios/test_plan_changes.py::test_price_that_no_plan_owns_keeps_the_tenant_as_it_is"
    ),
    "a subscription that we manage with two items of two plans": (
        "scenarios/test_plan_mistakes.py::"
        "test_subscription_with_items_of_two_plans_keeps_its_tenant_until_one_is_left"
    ),
    "a meter that was deactivated": (
        "scenarios/test_plan_mistakes.py::test_meter_that_was_deactivated_is_said_and_its_tenants_stay"
    ),
    "tiers that do not ascend": (
        "domain/test_price_validity.py::test_price_that_cannot_be_is_named_by_its_field"
    ),
    "a plan that does not exist": "scenarios/test_plan_changes.py::test_plan_that_does_not_exist_yet_is_waited_for",
    "a backend that does not exist": (
        "reconcilers/test_plan_reconciler.py::test_plan_waits_for_a_backend_that_does_not_exist"
    ),
    "a cluster that does not exist": (
        "scenarios/test_what_is_missing_or_wrong.py::test_cluster_that_does_not_exist_is_waited_for_by_name"
    ),
    "a Secret that does not exist, or lacks the key": (
        "scenarios/test_what_is_missing_or_wrong.py::"
        "test_password_that_does_not_exist_is_waited_for_and_nothing_is_bought_before"
    ),
    "a live key where the mode is Test": (
        "scenarios/test_what_is_missing_or_wrong.py::test_live_key_of_a_test_backend_is_never_sent"
    ),
    "a key of another account": "reconcilers/test_backend_keys.py::test_key_of_another_account_is_refused",
    "a wrong tenant admin key": (
        "scenarios/test_what_is_missing_or_wrong.py::test_wrong_tenant_admin_key_is_said_and_a_right_one_taken"
    ),
    "a tenant that exists and is not ours": (
        "scenarios/test_ownership.py::test_tenant_that_exists_is_not_taken_over_and_nothing_is_bought_for_it"
    ),
    "a tenant suspended by somebody else": (
        "scenarios/test_ownership.py::test_suspension_of_somebody_else_stays_though_the_customer_pays"
    ),
    "two objects for one tenant": (
        "scenarios/test_ownership.py::test_of_two_objects_for_one_tenant_the_one_that_claimed_it_wins"
    ),
    "an untrusted author": (
        "scenarios/test_trust.py::test_untrusted_namespace_buys_nothing_with_a_field_that_needs_trust"
    ),
    "a customer name of 200 characters": (
        "scenarios/test_what_is_missing_or_wrong.py::test_name_of_200_characters_is_cut_to_what_a_tenant_may_have"
    ),
    "a customer without e-mail": (
        "scenarios/test_what_is_missing_or_wrong.py::test_tenant_that_could_never_be_made_is_said_before_any_call"
    ),
    "a declined upgrade": (
        "scenarios/test_plan_changes.py::"
        "test_declined_upgrade_keeps_the_old_plan_and_its_limits_until_it_is_paid"
    ),
    "a forged webhook": "webhooks/test_stripe_deliveries.py::test_a_forged_delivery_is_refused",
    "a replayed webhook": "webhooks/test_stripe_deliveries.py::test_a_replayed_delivery_is_refused",
    "an oversized webhook": (
        "webhooks/test_stripe_deliveries.py::test_an_oversized_delivery_is_refused_before_its_signature_is_looked_at"
    ),
    "a garbage webhook": "webhooks/test_stripe_deliveries.py::test_garbage_is_refused_even_where_it_is_signed",
    "an event for another account or mode": (
        "webhooks/test_stripe_deliveries.py::"
        "test_what_is_none_of_our_business_is_accepted_counted_and_dropped"
    ),
    "an event sent to the address of another account": (
        "scenarios/test_several_backends.py::"
        "test_tbs_20_an_event_of_one_account_sent_to_the_address_of_another_is_refused"
    ),
    "a webhook address that is not https": "crds/test_backend_and_cluster_rules.py::test_refused_with_field_and_remedy",
    "a Secret of somebody else under the webhook's name": (
        "scenarios/test_registered_webhook.py::"
        "test_secret_of_somebody_else_under_that_name_is_not_overwritten"
    ),
    "a status that does not exist today": (
        "scenarios/test_outages.py::test_status_that_does_not_exist_today_keeps_the_tenant"
    ),
    "a 404 for a known subscription": (
        "integration/test_a_tenant_at_a_time.py::"
        "test_a_subscription_that_stripe_does_not_know_any_more_keeps_the_tenant"
    ),
    "Stripe or The Things Stack down for ten minutes": (
        "scenarios/test_outages.py::test_both_down_for_ten_minutes_change_nothing_until_they_are_back"
    ),
    "a price of no plan": (
        "scenarios/test_observed.py::test_price_of_no_plan_makes_no_tenant_until_a_plan_adopts_it"
    ),
    "a subscription with two items of two plans": (
        "scenarios/test_observed.py::test_items_of_two_plans_keep_the_tenant_until_one_is_removed"
    ),
    "a tenant-id that another customer owns": (
        "scenarios/test_discovery.py::test_tbs_14_a_tenant_of_another_customer_is_never_taken_over"
    ),
    "metadata with a key that is present but empty": (
        "domain/test_observed_tenant_data.py::test_metadata_that_makes_no_tenant_is_said_with_its_key"
    ),
    "a report for unknown tenants": (
        "webhooks/test_usage_reports.py::test_bad_entries_are_skipped_and_said_and_hold_no_other"
    ),
    "a report for the tenants of another cluster": (
        "webhooks/test_usage_reports.py::test_another_cluster_s_tenants_are_unknown"
    ),
    "a report with negative or huge counts": (
        "domain/test_pushed_usage.py::test_a_bad_entry_is_told_and_holds_no_other"
    ),
    "totals that lack a tenant": (
        "reconcilers/test_metering.py::test_one_unknown_tenant_holds_no_other_and_is_not_zero"
    ),
    "usage that is reported to a meter that was deactivated": (
        "scenarios/test_metering.py::test_a_meter_that_was_deactivated_is_told_and_its_usage_made_up_for"
    ),
    "a period that ended while the operator was down": (
        "reconcilers/test_metered_periods.py::test_a_period_that_ended_while_the_operator_was_down"
    ),
    "a report from a stranger": "webhooks/test_usage_reports.py::test_a_stranger_is_refused",
    "a tenant-id that no tenant may have": (
        "domain/test_discovery.py::test_a_tenant_id_that_the_things_stack_refuses_waits_and_is_quoted"
    ),
    "a Payment Link whose metadata gives two buyers one tenant": (
        "scenarios/test_discovery.py::test_a_payment_link_that_gives_two_buyers_one_tenant_serves_the_first"
    ),
    "an observed object beside a managed one for the same subscription": (
        "scenarios/test_observed.py::test_observed_object_beside_a_managed_one_is_in_conflict"
    ),
}


@pytest.mark.parametrize("test", COVERED.values(), ids=COVERED.keys())
def test_bad_input_has_its_test(test: str) -> None:
    assert exists(test)
