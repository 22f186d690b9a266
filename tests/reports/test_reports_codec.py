"""A record is a line of strict JSON and comes back to the bit; a field that cannot be right is named."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backcheck_reports import StoreError
from backcheck_reports.storage.codec import decode, dumps, encode


@settings(deadline=None)
@given(st.floats(), st.text(), st.lists(st.integers(0, 2**70)).map(tuple))
def test_any_record_survives(make, value, text, index):
    record = make(got=value, reason=text, index=index)
    line = encode(record)
    assert "\n" not in line
    assert repr(decode(line, "here")) == repr(record)


def test_lines_are_strict_json(make):
    def refuse(constant):
        raise AssertionError(constant)

    data = json.loads(encode(make(got=math.nan, want=-math.inf)), parse_constant=refuse)
    assert (data["got"], data["want"]) == ("nan", "-inf")


def test_a_field_with_a_default_may_be_missing(make):
    data = {name: value for name, value in json.loads(encode(make())).items() if name != "reason"}
    assert repr(decode(data, "here")) == repr(decode(json.dumps(data), "here")) == repr(make())


def test_half_a_character_is_a_question_mark(make):
    text = "a \ud800, \U0001f600 \\ud800 \udfff\ud800"
    line = encode(make(reason=text))
    assert decode(line, "here").reason == "a ?, \U0001f600 \\ud800 ??"
    assert json.loads(dumps({text: [text]}, indent=2)) == {"a ?, \U0001f600 \\ud800 ??": ["a ?, \U0001f600 \\ud800 ??"]}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": None}, "format: expected int, got null"),
        ({"format": True}, "format: expected int, got bool"),
        ({"format": 0}, "format: expected int >= 1"),
        ({"verdict": "maybe"}, "verdict: invalid enum value 'maybe'"),
        ({"ulps": None}, r"ulps: expected float \| str, got null"),
        ({"ulps": "many"}, "ulps: invalid enum value 'many'"),
        ({"ulps": True}, r"ulps: expected float \| str, got bool"),
        ({"ulps": 10**400}, "ulps: number out of range"),
        ({"entries": 1.5}, "entries: expected int, got float"),
        ({"shape": 3}, "shape: expected array, got int"),
        ({"shape": ["3"]}, r"shape\[0\]: expected int, got str"),
        ({"rule": 3}, "rule: expected str, got int"),
        ({"rule": 3, "format": 7}, "written by a newer version .format 7, .*rule: expected str, got int"),
    ],
)
def test_a_wrong_field_is_named(make, change, said):
    data = json.loads(encode(make())) | change
    with pytest.raises(StoreError, match=f"^here.*{said}.*; upgrade backcheck, or run again"):
        decode(json.dumps(data), "here")


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"case": ' + "[" * 100_000, '{"case": "\ud800"}', "", "[]", "nan"], ids=range(6)
)
def test_what_is_no_record_is_said(text):
    with pytest.raises(StoreError, match=r"^here: "):
        decode(text, "here")
