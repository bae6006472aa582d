"""The form encoding, against the SDK's own encoder (stripe.md 8, item 1)."""

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stripe._encode import _api_encode

from tenant_billing_sandbox.stripe.form import decode
from tenant_billing_sandbox.stripe.problems import Problem

NAMES = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True)
SCALARS = st.one_of(st.text(max_size=20), st.integers(), st.booleans())
# No parameter is a list of booleans, which the SDK would send as Python writes them.
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner.filter(lambda item: not isinstance(item, bool)), min_size=1, max_size=3),
        st.dictionaries(NAMES, inner, min_size=1, max_size=3),
    ),
    max_leaves=8,
)


def as_sent(value: Any) -> Any:
    """What a value is after encoding: words and digits, and lists with their positions as names."""
    if isinstance(value, dict):
        return {key: as_sent(item) for key, item in value.items()}
    if isinstance(value, list):
        return {str(position): as_sent(item) for position, item in enumerate(value)}
    return str(value).lower() if isinstance(value, bool) else str(value)


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_what_the_sdk_encodes_is_decoded_again(params: dict[str, Any]) -> None:
    encoded = urlencode(list(_api_encode(params)))
    assert decode(encoded) == as_sent(params)


def test_empty_brackets_are_a_list() -> None:
    assert decode("expand[]=a&expand[]=b") == {"expand": ["a", "b"]}


def test_an_empty_value_is_kept() -> None:
    assert decode("metadata[k]=&name=") == {"metadata": {"k": ""}, "name": ""}


@pytest.mark.parametrize("encoded", ["a[b=1", "=1", "a[]=1&a[b]=2", "a=1&a[b]=2", "a[b]=1&a[]=2", "a]b=1"])
def test_names_that_make_no_sense_are_refused(encoded: str) -> None:
    with pytest.raises(Problem):
        decode(encoded)
