from tenant_billing.api.condition_table import CONDITION_REASONS
from tenant_billing.api.conditions import ConditionType
from tenant_billing.api.names import KINDS
from tenant_billing.api.reasons import Reason


def test_every_kind_has_its_conditions() -> None:
    assert set(CONDITION_REASONS) == {kind.kind for kind in KINDS}


def test_every_reason_and_every_condition_type_stands_somewhere() -> None:
    conditions = [(kind, reasons) for table in CONDITION_REASONS.values() for kind, reasons in table.items()]
    assert {kind for kind, _ in conditions} == set(ConditionType)
    assert frozenset().union(*(reasons for _, reasons in conditions)) == set(Reason)


def test_every_kind_can_be_paused_and_can_meet_a_field_that_comes_later() -> None:
    for table in CONDITION_REASONS.values():
        assert {Reason.PAUSED, Reason.NOT_YET_SUPPORTED} <= table[ConditionType.READY]


def test_stalled_carries_the_reasons_of_ready() -> None:
    for table in CONDITION_REASONS.values():
        assert table[ConditionType.STALLED] == table[ConditionType.READY]
        assert table[ConditionType.RECONCILING] == {Reason.PROGRESSING}
