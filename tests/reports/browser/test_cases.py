"""The list of cases as a person uses it: sorted, filtered, searched, opened, copied, and all by keyboard alone."""

import math
import re

import pytest

from backcheck_reports import Verdict
from backcheck_reports.page.cases import tensor
from backcheck_reports.party_names import party_name
from backcheck_reports.statistics.listed_records import badness

ROWS = "#cases .rows .line"


def cells(page, name):
    """A column's texts, as far as the rows are in the document."""
    return page.locator(f"{ROWS} .c-{name}").all_text_contents()


def fact(page, name):
    return page.locator(f"#cases [data-fact={name}]").text_content()


def found(page):
    return page.locator("#cases output").text_content()


def by(page, column):
    page.click(f"#cases [role=columnheader][data-column={column}] button")


@pytest.fixture
def page(visit, large):
    return visit(large)


def test_the_worst_come_first_and_only_what_is_in_sight_is_in_the_document(page, records):
    assert cells(page, "verdict")[0] == "disagree"
    assert found(page) == "3,000 of 3,000"
    assert len(cells(page, "rule")) < 60
    assert page.get_attribute("#cases [role=grid]", "aria-rowcount") == "3001"
    worst = sorted(records, key=lambda record: -badness(record))
    assert cells(page, "case")[:10] == [record.case for record in worst[:10]]


@pytest.mark.parametrize("column", ["ulps", "fraction", "resolution"])
def test_a_number_sorts_largest_first_then_smallest_and_what_was_not_judged_is_last(page, column):
    by(page, "rule")
    for direction in ("descending", "ascending"):
        by(page, column)
        head = page.locator(f"#cases [role=columnheader][data-column={column}]")
        assert head.get_attribute("aria-sort") == direction
        judged = {"agree", "disagree"}
        assert set(cells(page, "verdict")) <= judged
        shown = [math.inf if text == "nan" else float(text) for text in cells(page, column)]
        assert shown == sorted(shown, reverse=direction == "descending")
    page.locator("#cases .window").evaluate("window => { window.scrollTop = window.scrollHeight }")
    page.wait_for_selector(f"{ROWS}:last-child .c-verdict:not(:has-text('agree'))")


def test_words_sort_as_a_person_would(page):
    by(page, "rule")
    assert cells(page, "rule")[0] == "rule_0"
    by(page, "rule")
    assert cells(page, "rule")[0] == "rule_139"
    by(page, "verdict")
    assert cells(page, "verdict")[0] == "agree"


@pytest.mark.parametrize("column", ["rule", "tensor", "party", "dtype", "verdict"])
def test_a_filter_leaves_what_fits(page, records, column):
    value = {"rule": "rule_7", "tensor": "dw", "party": "JAX", "dtype": "bfloat16", "verdict": "ill-conditioned"}[
        column
    ]
    page.select_option(f"#cases select[data-column={column}]", value)
    known = {"tensor": tensor, "verdict": lambda record: record.verdict.value}
    known["party"] = lambda record: party_name(record.party)
    of = known.get(column, lambda record: getattr(record, column))
    wanted = sum(of(record) == value for record in records)
    assert found(page) == f"{wanted:,} of 3,000"
    assert set(cells(page, column)) == {value}


def test_filters_and_a_search_add_up_and_can_be_cleared(page, records):
    page.select_option("#cases select[data-column=verdict]", "kink")
    page.fill("#cases input", "PYTORCH one-sided rule_1")
    wanted = [
        record for record in records
        if record.verdict == Verdict.KINK and record.party == "torch" and "rule_1" in record.rule
    ]  # fmt: skip
    assert found(page) == f"{len(wanted)} of 3,000"
    assert set(cells(page, "party")) == {"PyTorch"}
    page.click("#cases .clear")
    assert found(page) == "3,000 of 3,000"
    page.fill("#cases input", "no such thing")
    assert found(page) == "Nothing fits."
    assert cells(page, "rule") == []


def test_a_case_opens_with_every_digit(page, records):
    record = next(record for record in records if record.verdict == Verdict.AGREE and record.got != record.want)
    page.fill("#cases input", f"{record.case} {record.party}")
    page.select_option("#cases select[data-column=rule]", record.rule)
    page.click(f"{ROWS}:has-text('{tensor(record)}')")
    assert fact(page, "got") == repr(record.got)
    assert fact(page, "want") == repr(record.want)
    assert fact(page, "allowed") == repr(record.allowed)
    assert fact(page, "index") == f"[{record.index[0]}, {record.index[1]}]"
    assert fact(page, "case") == record.case
    page.click("#cases .detail .close")
    assert page.locator("#cases .detail").is_hidden()


def test_rows_below_an_open_one_make_room_and_nothing_is_skipped(page):
    page.click(f"{ROWS} >> nth=2")
    boxes = [page.locator(f"{ROWS} >> nth={place}").bounding_box() for place in (2, 3)]
    details = page.locator("#cases .detail").bounding_box()
    assert boxes[0]["y"] + boxes[0]["height"] == pytest.approx(details["y"], abs=1)
    assert details["y"] + details["height"] == pytest.approx(boxes[1]["y"], abs=1)


def test_the_list_scrolls_to_its_end(page, records):
    page.click(f"{ROWS} >> nth=0")
    page.locator("#cases .window").evaluate("window => { window.scrollTop = window.scrollHeight }")
    last = [record for record in records if record.verdict not in ("agree", "disagree")][-1]
    page.wait_for_selector(f"{ROWS}:last-child:has-text('{last.case}')")
    assert page.get_attribute(f"{ROWS} >> nth=-1", "aria-rowindex") == "3001"


def test_what_is_copied_replays_the_case(visit, planted):
    page = visit(planted, permissions=["clipboard-read", "clipboard-write"])
    page.click(f"{ROWS} >> nth=0")
    page.click("#cases .detail .copy")
    page.wait_for_selector("#cases .detail .copy:has-text('Copied')")
    assert page.evaluate("navigator.clipboard.readText()") == f"backcheck replay {fact(page, 'case')}"
    reproducer = page.locator("#findings figure:has-text('Reproducer')").first
    reproducer.locator(".copy").click()
    reproducer.locator(".copy:has-text('Copied')").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == reproducer.locator("pre").text_content()


def test_without_a_clipboard_the_text_is_selected(visit, planted):
    page = visit(planted)
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.click(f"{ROWS} >> nth=0")
    page.click("#cases .detail .copy")
    assert page.evaluate("getSelection().toString()") == f"backcheck replay {fact(page, 'case')}"


def test_an_open_case_leads_to_where_it_is_told_in_full(visit, planted):
    page = visit(planted)
    page.click(f"{ROWS} >> nth=0")
    page.click("#cases .told a")
    told = page.locator("#cases .told a").get_attribute("href")
    assert page.evaluate("id => document.getElementById(id).closest('details').open", told.removeprefix("#"))


def test_the_verdicts_of_a_finding_lead_to_their_list(visit, planted):
    page = visit(planted)
    link = page.locator("#findings a[data-finding]").first
    number = link.text_content().split()[0]
    page.fill("#cases input", "something else")
    link.click()
    assert found(page).startswith(f"{number} of ")
    assert set(cells(page, "verdict")) <= {"disagree", "shape", "side effect"}
    assert page.locator("#cases select[data-column=finding]").input_value() == link.get_attribute("data-finding")
    assert page.url.endswith("#cases")


def test_the_keyboard_alone_reaches_everything(visit, planted):
    page, reached = visit(planted), []
    for _ in range(400):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.className || document.activeElement.tagName"))
        if reached[-1] == "grid":
            break
    assert reached[0] == "skip"
    assert {"A", "SUMMARY", "copy", "scroll", "INPUT", "SELECT"} <= set(reached)
    assert reached[-1] == "grid"


def test_the_keyboard_moves_opens_and_closes(page):
    page.focus("#cases [role=grid]")

    def at():
        place = page.get_attribute("#cases [role=grid]", "aria-activedescendant")
        box, window = page.locator(f"#{place}").bounding_box(), page.locator("#cases .window").bounding_box()
        assert window["y"] <= box["y"] <= window["y"] + window["height"] - box["height"] + 1, "it is in sight"
        outline = page.locator(f"#{place}").evaluate("line => getComputedStyle(line).outlineStyle")
        assert outline == "solid", "the focus is seen"
        return int(place.removeprefix("line-"))

    places = []
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "End", "ArrowDown", "PageUp", "Home", "PageDown"):
        page.keyboard.press(key)
        places.append(at())
    step = places[7]
    assert step > 5
    assert places == [1, 2, 1, 2999, 2999, 2999 - step, 0, step]
    page.keyboard.press("Enter")
    assert page.locator("#cases .detail").is_visible()
    page.keyboard.press("Tab")
    while not page.evaluate("document.activeElement.closest('.detail') !== null"):
        page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    assert page.locator("#cases .detail").is_hidden()
    assert page.evaluate("document.activeElement.className") == "grid"
    page.keyboard.press(" ")
    assert page.locator("#cases .detail").is_visible()


def test_what_is_left_out_is_said_with_its_number(visit, cut):
    said = visit(cut).locator("#cases .note").text_content()
    shown, total, other = re.fullmatch(
        r"(\d+) of ([\d,]+) records of the run are listed: .* The other ([\d,]+) are in the folder.*", said
    ).groups()
    assert int(shown) == 60
    assert int(total.replace(",", "")) - 60 == int(other.replace(",", ""))
