"""The health check for Argo CD in ``docs/gitops.md``, run on statuses as the operator writes them."""

import itertools
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import pytest
import yaml
from lupa import lua51

from document_pages import DOCUMENTS, blocks, codes, rows
from manifests import DEFINITIONS
from tenant_billing.api.names import GROUP

PAGE: Final = DOCUMENTS / "gitops.md"

Health = tuple[str, str]
Check = Callable[[Mapping[str, Any]], Health]


def script() -> str:
    """The check as it stands in the ConfigMap of the page."""
    for block in blocks(PAGE):
        if "health.lua" in block.text:
            custom = yaml.safe_load(yaml.safe_load(block.text)["data"]["resource.customizations"])
            return str(custom[f"{GROUP}/*"]["health.lua"])
    raise AssertionError("no health check on the page")


@pytest.fixture(scope="module")
def health() -> Check:
    """Argo CD gives the script the object as ``obj``, in Lua 5.1, with the basic libraries alone."""
    lua = lua51.LuaRuntime(unpack_returned_tuples=True)
    lua.execute("os, io, package, require, debug, dofile, loadfile = nil")
    function = cast("Callable[[object], Mapping[str, object]]", lua.eval(f"function(obj) {script()} end"))

    def check(resource: Mapping[str, Any]) -> Health:
        answer = function(lua.table_from(resource, recursive=True))
        return str(answer["status"]), str(answer["message"])

    return check


def an_object(
    status: str, reason: str, *others: str, message: str = "", generation: int = 2
) -> dict[str, Any]:
    """An object that says so of its generation 2.

    Args:
        status: Of Ready.
        reason: Likewise.
        others: Types of other conditions that are true.
        message: Ready's.
        generation: Of the object now.
    """
    conditions = [{"type": "PaymentCurrent", "status": "False", "reason": "PastDue", "message": ""}]
    conditions += [{"type": "Ready", "status": status, "reason": reason, "message": message}]
    conditions += [{"type": each, "status": "True", "reason": reason, "message": message} for each in others]
    return {
        "metadata": {"generation": generation},
        "status": {"observedGeneration": 2, "conditions": conditions},
    }


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        pytest.param({"metadata": {"generation": 1}}, "Progressing", id="nothing said yet"),
        pytest.param({"metadata": {"generation": 1}, "status": {}}, "Progressing", id="no conditions yet"),
        pytest.param(
            {"metadata": {"generation": 1}, "status": {"observedGeneration": 1, "conditions": []}},
            "Progressing",
            id="conditions without Ready",
        ),
        pytest.param(
            an_object("True", "Provisioned"), "Healthy", id="an overdue tenant is no fault of the spec"
        ),
        pytest.param(an_object("True", "Suspended"), "Healthy", id="suspended as told"),
        pytest.param(an_object("True", "Available"), "Healthy", id="available"),
        pytest.param(
            an_object("True", "Available", generation=3), "Progressing", id="edited, not judged yet"
        ),
        pytest.param(
            an_object("False", "InvalidPrice", "Stalled", generation=3),
            "Progressing",
            id="corrected, not judged yet",
        ),
        pytest.param(an_object("False", "Unreachable", "Reconciling"), "Progressing", id="passes by itself"),
        pytest.param(
            an_object("False", "PlanNotFound", "Reconciling"), "Progressing", id="waits for another"
        ),
        pytest.param(an_object("False", "InvalidCredentials", "Stalled"), "Degraded", id="needs a person"),
        pytest.param(an_object("False", "NotAllowed", "Stalled"), "Degraded", id="is not allowed"),
        pytest.param(an_object("False", "AwaitingPayment"), "Suspended", id="waits for a customer"),
        pytest.param(an_object("False", "Paused"), "Suspended", id="a paused plan"),
        pytest.param(an_object("Unknown", "Paused"), "Suspended", id="a paused tenant"),
        pytest.param(an_object("Unknown", "Unavailable"), "Progressing", id="not known"),
    ],
)
def test_health_of_an_object(health: Check, resource: dict[str, Any], expected: str) -> None:
    assert health(resource)[0] == expected


def test_a_person_sees_reason_and_message(health: Check) -> None:
    assert health(an_object("True", "Available"))[1] == "Available"
    refused = an_object("False", "SecretNotFound", "Stalled", message="there is no Secret 'stripe'")
    assert health(refused)[1] == "SecretNotFound: there is no Secret 'stripe'"


def test_every_default_within_a_list_is_on_the_page() -> None:
    """Argo CD compares lists as a whole, so such a default would be a difference for ever."""
    found = itertools.chain.from_iterable(
        defaults(
            definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"],
            "spec",
            within=False,
        )
        for definition in map(
            yaml.safe_load, (path.read_text() for path in sorted(DEFINITIONS.glob("*.yaml")))
        )
    )
    assert {codes(row[0])[0].partition(".")[2] for row in rows(PAGE, "Nothing to ignore")} == set(found)


def defaults(schema: Mapping[str, Any], path: str, *, within: bool) -> list[str]:
    """Paths of fields with a default below the items of a list."""
    own = [path] if within and "default" in schema else []
    for name, each in schema.get("properties", {}).items():
        own += defaults(each, f"{path}.{name}", within=within)
    if "items" in schema:
        own += defaults(schema["items"], f"{path}[]", within=True)
    return own
