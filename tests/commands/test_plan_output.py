"""How ``tenant-billing plan`` sums up."""

from dataclasses import replace

import pytest

from tenant_billing.commands.forecast_output import print_forecast
from tenant_billing.domain.forecast import Forecast, Outlook

UNREACHABLE = Outlook("BillingBackend main", is_new=False, ready="False", reason="Unreachable", message="no")


@pytest.mark.parametrize(("is_whole", "said"), [(True, 1), (False, 0)])
def test_nothing_would_be_written_is_said_only_where_that_is_known(
    capsys: pytest.CaptureFixture[str], is_whole: bool, said: int
) -> None:
    print_forecast(Forecast((), (UNREACHABLE,)), is_whole=is_whole)
    printed = capsys.readouterr().out
    assert "BillingBackend main" in printed
    assert printed.count("Nothing would be written outside.") == said


def test_a_long_message_is_one_line_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    message = " ".join(["a", "word"] * 200)
    print_forecast(Forecast((), (replace(UNREACHABLE, message=message),)), is_whole=False)
    assert message in capsys.readouterr().out
