"""Reports that were taken and not counted, as the provider tells them (stripe.md 4.6)."""

from tenant_billing.domain import meter_errors
from tenant_billing.domain.meter_errors import MeterErrors, Mistake, Sample


def told(meter_id: str | None, *mistakes: Mistake) -> MeterErrors:
    return MeterErrors("evt_1", meter_id, mistakes)


def test_a_report_that_is_named_has_its_code() -> None:
    mistakes = Mistake("archived_meter", 2, (Sample("uid-a:m:1:5", "no"), Sample("uid-b:m:1:6", "no")))
    found = meter_errors.codes_by_identifier([told("mtr_1", mistakes)])
    assert found == {"uid-a:m:1:5": "archived_meter", "uid-b:m:1:6": "archived_meter"}


def test_where_only_samples_are_named_the_whole_meter_is_in_doubt() -> None:
    named = Mistake("archived_meter", 1, (Sample("uid-a:m:1:5", "no"),))
    more = Mistake("timestamp_in_future", 7, (Sample("uid-a:m:1:5", "no"),))
    errors = [told("mtr_1", named), told("mtr_2", named, more), told(None, more)]
    assert meter_errors.meters_in_doubt(errors) == {"mtr_2"}


def test_a_code_is_explained_with_its_remedy_and_an_unknown_one_is_told_as_it_is() -> None:
    assert "reactivate it in Stripe" in meter_errors.explanation("archived_meter")
    assert meter_errors.explanation("something_new") == "something_new"
