"""What the schema takes and refuses of a BillingPlan."""

import pytest

from judging import PLAN, accepts, refuses
from manifests import REMOVED
from tenant_billing_sandbox.control_plane.plane import ControlPlane

PERIOD = {"currency": "EUR", "interval": "Month"}
EXISTING = {"spec.price": {"existing": {"priceID": "price_A"}}, "spec.entityLimits": REMOVED}


def metered(**amount: object) -> dict[str, object]:
    return {"spec.price": {"metered": {**PERIOD, **amount}}}


def tiers(*tiers: dict[str, int]) -> dict[str, object]:
    return metered(tiers=list(tiers), tiersMode="Graduated")


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        pytest.param(PLAN, metered(unitAmount=50), id="metered by minor units"),
        pytest.param(PLAN, metered(unitAmountDecimal="0.5"), id="metered below a minor unit"),
        pytest.param(PLAN, tiers({"upTo": 100, "unitAmount": 50}, {"unitAmount": 40}), id="metered by tiers"),
        pytest.param(PLAN, EXISTING, id="an existing price with limits in its metadata"),
        pytest.param(
            PLAN,
            {"spec.price": {"existing": {"priceID": "price_A", "limitsFrom": "Spec"}}},
            id="an existing price with limits in the spec",
        ),
        pytest.param(PLAN, {"spec.price.recurring.unitAmount": 0}, id="a plan free of charge"),
        pytest.param(PLAN, {"spec.pastDue": {"freezeAfter": "168h"}}, id="frozen in between"),
        pytest.param(
            PLAN, {"spec.pastDue": {"flagAfter": "504h", "freezeAfter": "504h"}}, id="all stages at once"
        ),
        pytest.param(PLAN, {"spec.tenantTemplate.attributes": {"tier": "a"}}, id="an attribute"),
    ],
)
async def test_accepted(definitions: ControlPlane, kind: str, changes: dict[str, object]) -> None:
    await accepts(definitions, kind, changes)


@pytest.mark.parametrize(
    ("kind", "changes", "field", "message"),
    [
        pytest.param(
            PLAN, {"spec.price": {}}, "spec.price", "exactly one of recurring, metered and existing", id="no price"
        ),
        pytest.param(PLAN, {"spec.price": REMOVED}, "spec.price", "Required value", id="no price at all"),
        pytest.param(
            PLAN, {"spec.price.existing": {"priceID": "price_A", "limitsFrom": "Spec"}}, "spec.price",
            "exactly one of recurring, metered and existing", id="two arms",
        ),
        pytest.param(
            PLAN, {"spec.price.recurring.unitAmount": -1}, "spec.price.recurring.unitAmount",
            "greater than or equal to 0", id="a negative amount",
        ),
        pytest.param(
            PLAN, {"spec.price.recurring.unitAmount": 49.5}, "spec.price.recurring.unitAmount", "integer",
            id="an amount in major units",
        ),
        *(
            pytest.param(
                PLAN, {"spec.price.recurring.currency": currency}, "spec.price.recurring.currency", "[A-Z]{3}",
                id=f"currency {currency}",
            )
            for currency in ("eur", "Eur", "€", "EU")
        ),
        pytest.param(
            PLAN, {"spec.price.recurring.interval": "Quarter"}, "spec.price.recurring.interval", '"Month"',
            id="a quarter",
        ),
        pytest.param(
            PLAN, metered(), "spec.price.metered", "exactly one of unitAmount, unitAmountDecimal and tiers",
            id="metered without an amount",
        ),
        pytest.param(
            PLAN, metered(unitAmount=50, unitAmountDecimal="0.5"), "spec.price.metered",
            "exactly one of unitAmount, unitAmountDecimal and tiers", id="metered with two amounts",
        ),
        pytest.param(
            PLAN, metered(unitAmount=50, tiersMode="Volume"), "spec.price.metered.tiersMode",
            "tiersMode is required with tiers and refused otherwise", id="a mode without tiers",
        ),
        pytest.param(
            PLAN, metered(tiers=[{"unitAmount": 5}]), "spec.price.metered.tiersMode", "tiersMode is required",
            id="tiers without a mode",
        ),
        pytest.param(
            PLAN, tiers({"upTo": 5, "unitAmount": 5}), "spec.price.metered.tiers", "the last of tiers, and no other",
            id="tiers that end",
        ),
        pytest.param(
            PLAN, tiers({"unitAmount": 5}, {"unitAmount": 4}), "spec.price.metered.tiers",
            "the last of tiers, and no other", id="two last tiers",
        ),
        pytest.param(
            PLAN, metered(unitAmountDecimal="0,5"), "spec.price.metered.unitAmountDecimal", "should match",
            id="a decimal comma",
        ),
        pytest.param(
            PLAN, metered(unitAmountDecimal="-0.5"), "spec.price.metered.unitAmountDecimal", "should match",
            id="a negative decimal",
        ),
        pytest.param(
            PLAN, {"spec.price": {"existing": {"priceID": "price_A"}}}, "spec.entityLimits",
            "set limitsFrom: Spec", id="limits from two places",
        ),
        pytest.param(
            PLAN, {"spec.entityLimits.users": -1}, "spec.entityLimits.users", "greater than or equal to 0",
            id="a negative limit",
        ),
        pytest.param(
            PLAN, {"spec.pastDue": {"flagAfter": "505h"}}, "spec.pastDue", "flagAfter <= freezeAfter <= suspendAfter",
            id="flagged after the suspension",
        ),
        pytest.param(
            PLAN, {"spec.pastDue": {"freezeAfter": "505h"}}, "spec.pastDue", "flagAfter <= freezeAfter",
            id="frozen after the suspension",
        ),
        pytest.param(
            PLAN, {"spec.pastDue": {"flagAfter": "2h", "freezeAfter": "1h"}}, "spec.pastDue",
            "flagAfter <= freezeAfter", id="frozen before the flag",
        ),
        pytest.param(
            PLAN, {"spec.pastDue": {"suspendAfter": "21d"}}, "spec.pastDue.suspendAfter", "should match", id="21d"
        ),
        pytest.param(PLAN, {"spec.trial": {"days": 0}}, "spec.trial.days", "greater than or equal to 1", id="trial"),
        pytest.param(
            PLAN,
            {"spec.allowedNamespaces": {
                "from": "Selector", "selector": {"matchExpressions": [{"key": "team", "operator": "NotIn"}]}
            }},
            "spec.allowedNamespaces.selector.matchExpressions[0].values", "values are required",
            id="all but nobody",
        ),
        pytest.param(PLAN, {"spec.allowedNamespaces": REMOVED}, "spec.allowedNamespaces", "Required", id="to whom"),
        pytest.param(
            PLAN, {"spec.tenantTemplate": {"attributes": {"example.com/a": "b"}}}, "spec.tenantTemplate.attributes",
            "keys of attributes must be", id="an attribute that The Things Stack refuses",
        ),
    ],
)  # fmt: skip
async def test_refused_with_field_and_remedy(
    definitions: ControlPlane, kind: str, changes: dict[str, object], field: str, message: str
) -> None:
    await refuses(definitions, kind, changes, field, message)
