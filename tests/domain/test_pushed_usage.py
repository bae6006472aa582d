"""Reports as the Tenant Billing Server's pushers send them (TBS-16)."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_billing.domain import pushed_usage
from tenant_billing.domain.observations import Totals
from tenant_billing.domain.pushed_usage import LARGEST_COUNT, NotAReport, PushedTotals
from usage_builders import MINUTE, START, totals


def entry(totals: Any = None, **changes: Any) -> dict[str, Any]:
    whole = {"tenant_id": {"tenant_id": "acme-iot"}, "totals": totals or {}} | changes
    return {name: value for name, value in whole.items() if value is not None}


def read(*entries: Any) -> list[PushedTotals]:
    return list(pushed_usage.read_report(json.dumps({"tenants": list(entries)}).encode()))


GOOD = [
    pytest.param({"end_devices": "345", "activated_end_devices": "301"}, (345, 301), id="strings"),
    pytest.param({"end_devices": 345, "activated_end_devices": 301}, (345, 301), id="numbers"),
    pytest.param({"endDevices": "345", "activatedEndDevices": "301"}, (345, 301), id="camel case"),
    pytest.param({"end_devices": "345"}, (345, None), id="activated are not told"),
    pytest.param({"users": "1"}, (0, 0), id="zeros are left out"),
    pytest.param({"end_devices": str(LARGEST_COUNT)}, (LARGEST_COUNT, None), id="the largest"),
]


@pytest.mark.parametrize(("sent", "expected"), GOOD)
def test_tbs_16_totals_are_taken(sent: dict[str, Any], expected: tuple[int | None, int | None]) -> None:
    (found,) = read(entry(sent))
    assert (found.tenant_id, found.problem) == ("acme-iot", "")
    assert (found.end_devices, found.activated_end_devices) == expected


BAD = [
    pytest.param(entry({"end_devices": -1}), "acme-iot", id="a negative count"),
    pytest.param(entry({"end_devices": "-1"}), "acme-iot", id="a negative count in a string"),
    pytest.param(entry({"end_devices": str(LARGEST_COUNT + 1)}), "acme-iot", id="a huge count"),
    pytest.param(entry({"end_devices": "9" * 400}), "acme-iot", id="an endless count"),
    pytest.param(entry({"end_devices": 1.5}), "acme-iot", id="a part of a device"),
    pytest.param(entry({"end_devices": True}), "acme-iot", id="a truth"),
    pytest.param(
        entry({"end_devices": 1, "activated_end_devices": "x"}), "acme-iot", id="activated no number"
    ),
    pytest.param(entry({}), "acme-iot", id="nothing is told, which is not zero"),
    pytest.param(entry(totals=[1]), "acme-iot", id="totals are a list"),
    pytest.param(entry({"end_devices": 1}, tenant_id="acme-iot"), "", id="the id is not nested"),
    pytest.param(entry({"end_devices": 1}, tenant_id={"tenant_id": 7}), "", id="the id is a number"),
    pytest.param("acme-iot", "", id="no object"),
]


@pytest.mark.parametrize(("bad", "tenant_id"), BAD)
def test_a_bad_entry_is_told_and_holds_no_other(bad: Any, tenant_id: str) -> None:
    first, second = read(bad, entry({"end_devices": 1}, tenant_id={"tenant_id": "beta"}))
    assert (first.tenant_id, bool(first.problem)) == (tenant_id, True)
    assert (second.tenant_id, second.end_devices, second.problem) == ("beta", 1, "")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"a"', b'{"tenants": {}}', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_report_is_refused_whole(body: bytes) -> None:
    with pytest.raises(NotAReport):
        pushed_usage.read_report(body)


def test_a_report_of_nobody_is_one() -> None:
    assert pushed_usage.read_report(b"{}") == []


@given(st.integers(0, LARGEST_COUNT), st.one_of(st.none(), st.integers(0, LARGEST_COUNT)))
def test_what_is_kept_is_read_back(devices: int, activated: int | None) -> None:
    text = pushed_usage.write_annotation(PushedTotals("acme-iot", devices, activated), START)
    kept = pushed_usage.read_annotation(text)
    assert kept == totals(devices, START, activated)
    assert len(text) < 120


@pytest.mark.parametrize("text", ["", "{}", "[]", "7", '{"endDevices":1,"activatedEndDevices":1,"time":7}'])
def test_an_annotation_that_is_not_ours_is_none(text: str) -> None:
    assert pushed_usage.read_annotation(text) is None


def test_a_change_is_kept_at_once_and_the_same_figure_now_and_then() -> None:
    kept = totals(5, START, 3)
    same, other = PushedTotals("acme-iot", 5, 3), PushedTotals("acme-iot", 6, 3)
    assert pushed_usage.is_worth_keeping(same, None, START)
    assert pushed_usage.is_worth_keeping(other, kept, START)
    assert not pushed_usage.is_worth_keeping(same, kept, START + MINUTE)
    assert pushed_usage.is_worth_keeping(same, kept, START + 5 * MINUTE)
    assert not same.same_as(Totals())
