"""A record is a line of strict JSON and comes back to the bit; a field that cannot be right is named."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backcheck_reports import StoreError
from backcheck_reports.storage.codec import decode, encode, read_object


@settings(deadline=None)
@given(st.floats(), st.text(), st.lists(st.integers(0, 2**70)).map(tuple))
def test_any_record_survives(make, value, text, index):
    record = make(got=value, reason=text, index=index)
    line = encode(record)
    assert "\n" not in line
    assert repr(decode(read_object(line, "here"), "here")) == repr(record)


def test_lines_are_strict_json(make):
    def refuse(constant):
        raise AssertionError(constant)

    data = json.loads(encode(make(got=math.nan, want=-math.inf)), parse_constant=refuse)
    assert (data["got"], data["want"]) == ("nan", "-inf")


def test_a_field_with_a_default_may_be_missing(make):
    data = {name: value for name, value in json.loads(encode(make())).items() if name != "reason"}
    assert repr(decode(data, "here")) == repr(make())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": None}, "no format number"),
        ({"format": True}, "no format number"),
        ({"verdict": "maybe"}, "verdict must be a verdict .*agree, disagree, kink.*got 'maybe'"),
        ({"ulps": None}, "ulps must be a number"),
        ({"ulps": "many"}, "ulps must be a number"),
        ({"ulps": True}, "ulps must be a number"),
        ({"ulps": 10**400}, "ulps must be"),
        ({"entries": 1.5}, "entries must be a whole number"),
        ({"shape": 3}, "shape must be a list of whole numbers"),
        ({"shape": ["3"]}, "shape must be a list of whole numbers"),
        ({"rule": 3}, "rule must be a string"),
    ],
)
def test_a_wrong_field_is_named(make, change, said):
    with pytest.raises(StoreError, match=f"here: .*{said}"):
        decode(json.loads(encode(make())) | change, "here")
