"""The page shows all that it should, needs no other file, and runs nothing that comes from outside."""

import math
import re
from base64 import b64encode
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from backcheck_reports import StoreError, Verdict, summarise, write_page
from backcheck_reports.page.first_screen import first_screen
from backcheck_reports.page.page import render
from backcheck_reports.page.page_view import page_view

HOSTILE = "</pre></script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&{{7*7}}"
VOID = {"meta", "link", "img", "br", "hr", "input"}


class Outline(HTMLParser):
    """The elements, attributes and text of a page; an error where a tag is not closed in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], Counter(), [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.text.append(data)


def readable(page):
    return re.sub(r"\s+", " ", " ".join(Outline(page).text))


@pytest.fixture
def records(make):
    wrong = make(
        rule="layer_norm", argument="gamma", verdict=Verdict.DISAGREE, got=math.nan, want=5e-324, fraction=math.nan
    )
    parties = [make(case=f"d0{place}", party=party) for place, party in enumerate(("torch", "jax", "exact"))]
    skipped = make(party="differences", dtype="float32", verdict=Verdict.UNAVAILABLE, reason="float64 only")
    return [wrong, *parties, skipped, make(tensor="output", got=-0.0)]


@pytest.fixture
def training():
    checked = [{"when": "start", "step": 0, "verdicts": {"agree": 12, "kink": 1}, "worst_ulps": 0.6, "residual": 1e-45}]
    losses = {"loss": [2.3, "nan", 0.5, 0.25], "accuracy": [0.1, 0.7, 0.9, 0.93]}
    return {"layers": [64, 32, 10], "epochs": 4, "eta": 0.5, "checked": checked, **losses}


def test_the_page_shows_everything(records, a_run, note, training):
    run = replace(a_run, training=training, notes=("relu at 0 has slope 0 here",))
    text = readable(render(run, summarise(records), {note.id: note}))
    for wanted in (
        "1 rule is wrong: layer_norm",
        "each computed in 5 ways",
        "20240613",
        "2025-03-02 09:14:05 UTC",
        "2 min 36 s",
        "the gradient of gamma is wrong",
        "nan",
        "5e-324",
        "-0.0",
        *note.lines,
        note.network,
        "print(np.pi)",
        "backcheck replay c0ffee00",
        "64, 32, 10",
        "12 agree",
        "1.00e-45",
        "float64 only",
        "relu at 0 has slope 0 here",
        "CPython 3.11",
        "ill-conditioned",
        "resolution",
    ):
        assert wanted in text


def test_disagreements_come_first(records, a_run, note):
    page = render(a_run, summarise(records), {note.id: note})
    sections = re.findall(r'<section id="(\w+)"', page)
    assert sections == [
        "findings",
        "agreement",
        "errors",
        "power",
        "closest",
        "cases",
        "run",
        "environment",
        "glossary",
    ]


def test_conventions_and_gallery_come_after_the_agreement(records, disputed):
    page = render(disputed, summarise(records), {})
    sections = re.findall(r'<section id="(\w+)"', page)
    assert sections[:6] == ["findings", "agreement", "errors", "power", "conventions", "gallery"]
    text = readable(page)
    for wanted in ("at the very edge", "-1 … 1", "as it is", "1 outside", "same", "norm, slope, float64"):
        assert wanted in text
    for wanted in ("outlier: JAX", "nan, nan outlier", "divides 0 by 0", "each -1 … 1", "print(jax.grad)"):
        assert wanted in text


def test_a_convention_that_differs_is_marked_by_text_and_symbol(records, disputed):
    (mark,) = re.findall(r'<strong class="verdict v-differ">(.*?)</strong>', render(disputed, summarise(records), {}))
    assert 'href="#g-differ"' in mark
    assert mark.endswith("differ")


@pytest.mark.parametrize("rows", [({},), (None, "x", 3), ({"low": 1, "high": "x", "inside": [1], "answers": [None]},)])
def test_gaps_in_conventions_and_gallery_are_dashes(records, a_run, rows):
    Outline(render(replace(a_run, conventions=rows, gallery=rows), summarise(records), {}))


def test_a_case_without_a_note_shows_its_record(records, a_run):
    text = readable(render(a_run, summarise(records), {}))
    assert "layer_norm the gradient of gamma is wrong c0ffee00" in text
    assert "backcheck replay c0ffee00" in text


def test_nothing_to_show_is_said(a_run):
    text = readable(render(a_run, summarise([]), {}))
    assert "No gradient was judged" in text
    assert "Nothing was shown to agree" in text


def test_poor_resolution_is_said_with_the_rule_and_the_dtype(make, a_run):
    sharp = make(party="numpy", rule="tanh", resolution=1e-12)
    dull = make(party="numpy", rule="softmax", resolution=1e-5)
    assert re.search(r"float64, 1 of 2 rules: softmax \(\S+e-0[56]\)", render(a_run, summarise([sharp, dull]), {}))
    assert "float64, all 1 rules: softmax" in render(a_run, summarise([dull]), {})
    assert "resolution is poor" not in render(a_run, summarise([sharp]), {})


def test_a_bug_that_shows_everywhere_has_one_card_with_the_number_of_its_verdicts(make, a_run):
    page = render(a_run, summarise([make(case=str(case), verdict=Verdict.DISAGREE) for case in range(230)]), {})
    assert page.count('class="card k-disagree"') == 1
    assert "230 verdicts in all" in readable(page)


def test_the_note_on_a_failure_is_not_shown_with_another_party(make, a_run, note):
    page = render(a_run, summarise([make(verdict=Verdict.DISAGREE), make(party="torch")]), {note.id: note})
    assert page.count(note.lines[0]) == 1


def test_hostile_text_stays_text(make, a_run, note):
    strings = dict.fromkeys(("case", "tensor", "rule", "argument", "party", "dtype", "profile", "reason"), HOSTILE)
    records = [make(**strings, verdict=verdict) for verdict in Verdict]
    said = type(note)(HOSTILE, HOSTILE, (HOSTILE,), HOSTILE, ((HOSTILE,) * 4,), HOSTILE, HOSTILE)
    checked = [{"when": HOSTILE, "step": HOSTILE, "verdicts": {HOSTILE: HOSTILE}, "worst_ulps": HOSTILE}]
    training = {HOSTILE: HOSTILE, "loss": [HOSTILE, 1.0], "checked": checked}
    recipe = {HOSTILE: [HOSTILE, {HOSTILE: HOSTILE}]}
    run = replace(a_run, recipe=recipe, environment={HOSTILE: HOSTILE}, training=training, notes=(HOSTILE,))
    names = ("rule", "point", "input", "numpy", "torch", "jax", "differences", "why", "dtype", "what", "truth", "low")
    piece = dict.fromkeys((*names, "outlier", "reason", "reproducer"), HOSTILE)
    piece |= {"answers": [dict.fromkeys(("party", "answer", "ulps", "outlier"), HOSTILE)], "high": [HOSTILE]}
    run = replace(run, conventions=(piece, piece | {"shared": False, "inside": HOSTILE}), gallery=(piece,))
    page = render(replace(run, started=HOSTILE), summarise(records), {HOSTILE: said})
    outline = Outline(page)
    assert (outline.tags["script"], outline.tags["img"]) == (2, 0), "the page's own, and its data"
    assert not [name for name, _ in outline.attributes if name.startswith("on") or name == "style"]
    assert "{{7*7}}" in "".join(outline.text)


def test_a_lone_surrogate_does_not_cost_the_page(tmp_path, make, a_run):
    write_page(tmp_path / "page.html", a_run, summarise([make(rule="\ud800")]), {})
    assert "<!doctype html>" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_the_page_asks_for_nothing_else(records, a_run, note, training):
    page = render(replace(a_run, training=training), summarise(records), {note.id: note})
    links = [value for name, value in Outline(page).attributes if name in ("src", "href", "action", "data", "srcset")]
    assert all(value.startswith("#") for value in links)
    assert "://" not in page
    assert "@import" not in page
    assert "url(" not in page


def test_every_link_inside_has_its_target(records, disputed, note, training):
    page = render(replace(disputed, training=training, notes=("x",)), summarise(records), {note.id: note})
    attributes = Outline(page).attributes
    ids = [value for name, value in attributes if name == "id"]
    assert len(ids) == len(set(ids))
    wanted = {value[1:] for name, value in attributes if name == "href"}
    wanted |= {part for name, value in attributes if name in ("aria-labelledby",) for part in value.split()}
    assert wanted <= set(ids)


def test_the_policy_allows_our_style_and_script_only(records, a_run):
    page = render(a_run, summarise(records), {})
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1].replace("&#39;", "'")
    assert policy.startswith("default-src 'none'")
    for kind, element in (("style", "style"), ("script", "script")):
        (content,) = re.findall(f"<{element}>(.*?)</{element}>", page, re.DOTALL)
        digest = b64encode(sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy.replace("&#43;", "+")


def test_the_page_needs_no_script(records, disputed, note):
    page = render(disputed, summarise(records), {note.id: note})
    without = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert readable(without) == readable(page)
    buttons = re.findall(r"<button[^>]*>", without)
    assert buttons
    assert all("hidden" in button for button in buttons), "a button that does nothing is not shown"


def test_verdicts_have_a_shape_each(a_run, make):
    records = [make(case=verdict, verdict=verdict) for verdict in Verdict]
    page = render(a_run, summarise(records), {})
    for verdict in Verdict:
        assert f'<symbol id="g-{verdict.replace(" ", "-")}"' in page
        assert f'href="#g-{verdict.replace(" ", "-")}"/></svg>{verdict}' in page


def test_tables_can_be_navigated(records, disputed):
    page = render(disputed, summarise(records), {})
    assert page.count("<table") == page.count("<caption")
    assert all('scope="' in cell for cell in re.findall(r"<th\b[^>]*>", page))


def test_charts_draw_what_there_is_and_leave_gaps(records, a_run, training):
    page = render(replace(a_run, training=training), summarise(records), {})
    assert page.count('<polyline class="curve"') == 2
    assert page.count('<circle class="dot"') == 1, "the loss before its NaN has no neighbour"
    assert "1 value is not finite and leaves a gap" in page


@pytest.mark.parametrize("loss", [[], [0.0], [1.0, 1.0], ["nan"], [-3, 2], [1e300, 1e-300], None, "x", [1e-12, 2e-12]])
def test_any_curve_can_be_drawn(records, a_run, loss):
    page = render(replace(a_run, training={"loss": loss, "checked": None}), summarise(records), {})
    assert "nan," not in page
    Outline(page)


def test_the_page_is_replaced_in_one_step(tmp_path, records, a_run):
    path = tmp_path / "new" / "page.html"
    for _ in range(2):
        write_page(path, a_run, summarise(records), {})
    assert [item.name for item in path.parent.iterdir()] == ["page.html"]
    with pytest.raises(StoreError, match="cannot write"):
        write_page(tmp_path, a_run, summarise(records), {})


def test_the_page_is_the_same_every_time(records, a_run, note):
    assert render(a_run, summarise(records), {note.id: note}) == render(a_run, summarise(records), {note.id: note})


def test_a_finding_says_what_of_the_rule_is_wrong_part_by_part(make, a_run):
    wrong = {"verdict": Verdict.DISAGREE, "rule": "dense"}
    broken = {**wrong, "verdict": Verdict.SIDE_EFFECT, "party": "contract", "argument": "again"}
    records = [make(**wrong), make(**wrong, argument="b"), make(**broken)]
    page = readable(render(a_run, summarise(records), {}))
    assert "the gradients of b and w are wrong; a second call gives another answer" in page


def test_the_list_of_cases_is_opened_at_the_verdicts_of_a_finding(make, a_run):
    behind = make(rule="tanh", verdict=Verdict.DISAGREE, fault_rule="dense", fault_tensor="w")
    summary = summarise([behind, make(party="torch", verdict=Verdict.DISAGREE)])
    page = render(a_run, summary, {})
    assert re.findall(r'<a href="#cases" data-finding="([^"]*)">', page) == ["dense", "dense of PyTorch"]


def test_the_first_screen_says_how_much_was_judged_and_how_accurate_each_party_is(make, a_run):
    records = [make(relative=n * 1e-16, case=str(n), fraction=0.07 * n) for n in range(1, 11)]
    records += [make(party="jax", dtype="float32", relative=3e-8), make(case="z", verdict=Verdict.VACUOUS)]
    screen = first_screen(summarise(records))
    assert screen.judged == "91.7 % of 12 verdicts were judged."
    assert [line.split(":")[0] for line in screen.unjudged] == ["1 vacuous"]
    assert screen.worst == "Largest rounding error of the subject: 70 % of the limit (dense, float64)."
    assert [(row.party, row.dtype, row.gradients, row.worst) for row in screen.accuracy] == [
        ("numpy", "float64", "10", "1.00e-15"),
        ("jax", "float32", "1", "3.00e-08"),
    ]
    page = render(a_run, summarise(records), {})
    assert page.index("Accuracy: errors") < page.index('<nav aria-label="Sections">') < page.index('id="run"')


def test_a_fault_is_counted_under_the_rule_at_fault_and_the_innocent_one_is_marked(make, a_run):
    wrong = make(rule="tanh", argument="x", verdict=Verdict.DISAGREE, fault_rule="dense", fault_tensor="w")
    summary = summarise([wrong, make(rule="tanh", argument="x", tensor="p1")])
    rows = {row.rule: row for row in page_view(a_run, summary, {}).matrix.rows}
    assert (rows["dense"].kind, rows["tanh"].kind) == ("disagree", "agree")
    assert (rows["tanh"].cells[0].main, rows["tanh"].cells[0].behind) == ("1", "1")
    assert "1 behind a wrong rule" in readable(render(a_run, summary, {}))
