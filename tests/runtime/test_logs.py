"""Log lines: their form, and what never stands in them."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from tenant_billing.runtime.logs import configure_logs
from tenant_billing.runtime.redaction import redact


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything that is logged as JSON during the test."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    configure_logs("INFO", json_lines=True, stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def logged(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize(
    "secret",
    [
        "sk_live_51Abc",
        "sk_test_51Abc",
        "rk_live_51Abc_x",
        "whsec_abc+/=",
        "TenantAdminKey 0123456789abcdef0123456789abcdef",
        "authorization: Bearer abc.def",
    ],
)
def test_nothing_that_looks_like_a_key_remains(secret: str) -> None:
    text = redact(f"refused: '{secret}', sent to https://api.stripe.com")
    assert "[redacted]" in text
    assert secret.rsplit(" ", maxsplit=1)[-1] not in text
    assert text.endswith("sent to https://api.stripe.com")


def test_what_is_no_key_is_left_as_it_is() -> None:
    text = "task_live sub_1 cus_1 price_1 pi_3 sk8er tenant admin key whsec"
    assert redact(text) == text


def test_one_line_is_one_json_object_with_its_fields(lines: io.StringIO) -> None:
    structlog.get_logger("pass").info("pass", kind="BillingPlan", seconds=0.1)
    (line,) = logged(lines)
    assert line["event"] == "pass"
    assert (line["kind"], line["seconds"], line["level"], line["logger"]) == (
        "BillingPlan",
        0.1,
        "info",
        "pass",
    )
    assert line["timestamp"].endswith("Z")


def test_keys_are_redacted_in_fields_however_deep_in_traces_and_in_lines_of_libraries(
    lines: io.StringIO,
) -> None:
    structlog.get_logger("a").warning(
        "failed", nested={"list": ["sk_live_51Abc"]}, error=ValueError("rk_test_9")
    )
    try:
        int("sk_live_51Abc")
    except ValueError:
        structlog.get_logger("b").exception("pass broken off")
    logging.getLogger("some.library").error("header %s", "Bearer abcdef")
    assert len(logged(lines)) == 3
    for secret in ("sk_live_51Abc", "rk_test_9", "abcdef"):
        assert secret not in lines.getvalue()


def test_libraries_that_log_every_call_are_silent_below_warnings(lines: io.StringIO) -> None:
    for name in ("kopf.objects", "httpx", "stripe"):
        logging.getLogger(name).info("chatter")
        logging.getLogger(name).warning("news of %s", name)
    assert [line["event"] for line in logged(lines)] == [
        "news of kopf.objects",
        "news of httpx",
        "news of stripe",
    ]
