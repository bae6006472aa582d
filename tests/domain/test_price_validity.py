"""What is wrong with the price that a plan asks for is said before anything is sent."""

from typing import Any

import pytest

from plan_builders import EXISTING, METERED, a_plan, metered, recurring
from tenant_billing.api.reasons import Reason
from tenant_billing.domain.price_validity import invalid_price


def tiered(*ends: int | None, **last: Any) -> dict[str, Any]:
    """A metered arm with tiers that end so."""
    tiers = [{"unitAmount": 50} | ({} if end is None else {"upTo": end}) for end in ends]
    tiers[-1] |= last
    return metered(unitAmount=None, tiersMode="Graduated", tiers=tiers)


INVALID = [
    pytest.param(recurring(), None, id="a recurring price"),
    pytest.param(METERED, None, id="a metered price"),
    pytest.param(EXISTING, None, id="a price that stands"),
    pytest.param(
        recurring(currency="EUX"), "spec.price.recurring.currency", id="a currency that does not exist"
    ),
    pytest.param(metered(currency="EUX"), "spec.price.metered.currency", id="neither for usage"),
    pytest.param(
        recurring(currency="KWD", unitAmount=5005),
        "spec.price.recurring.unitAmount",
        id="an amount that is too fine",
    ),
    pytest.param(
        metered(currency="KWD", unitAmount=5), "spec.price.metered.unitAmount", id="an amount of usage, too"
    ),
    pytest.param(metered(unitAmount=None, unitAmountDecimal="0.5"), None, id="below a cent"),
    pytest.param(tiered(100, 200, None), None, id="tiers that rise"),
    pytest.param(
        tiered(100, 100, None), "spec.price.metered.tiers[1].upTo: 100", id="a tier that does not rise"
    ),
    pytest.param(
        tiered(200, 300, 100, None), "spec.price.metered.tiers[2].upTo: 100", id="a tier that falls"
    ),
    pytest.param(tiered(100), "spec.price.metered.tiers: the last tier", id="a last tier that ends"),
    pytest.param(tiered(None, None), "spec.price.metered.tiers: the last tier", id="a tier after the last"),
    pytest.param(tiered(100, None, flatAmount=5) | {}, None, id="a flat amount beside the unit's"),
]


@pytest.mark.parametrize(("price", "said"), INVALID)
def test_price_that_cannot_be_is_named_by_its_field(price: dict[str, Any], said: str | None) -> None:
    finding = invalid_price(a_plan(price=price).spec)
    if said is None:
        assert finding is None
    else:
        assert finding is not None
        assert finding.reason is Reason.INVALID_PRICE
        assert finding.message.startswith(said)


def test_flat_amount_that_is_too_fine_is_named_by_its_tier() -> None:
    price = tiered(100, None, flatAmount=5)
    price["metered"] |= {
        "currency": "KWD",
        "tiers": [each | {"unitAmount": 10} for each in price["metered"]["tiers"]],
    }
    finding = invalid_price(a_plan(price=price).spec)
    assert finding is not None
    assert finding.message.startswith("spec.price.metered.tiers[1].flatAmount: an amount in KWD")
