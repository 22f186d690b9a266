"""The figures count right, each has a table of its numbers, and odd data do not break them."""

import json
import math
import re
from dataclasses import replace

import pytest

from backcheck_reports import (
    CaseNote,
    StoreError,
    Verdict,
    read_notes,
    read_records,
    read_run,
    summarise,
    write_note,
    write_run,
)
from backcheck_reports.figures.distributions import place_name
from backcheck_reports.figures.graph import graph
from backcheck_reports.figures.heat import heat
from backcheck_reports.figures.planted import planted
from backcheck_reports.figures.plots import across, power_of_ten
from backcheck_reports.figures.power import power
from backcheck_reports.figures.speed import speed
from backcheck_reports.figures.steps import steps
from backcheck_reports.page.matrix import matrix
from backcheck_reports.page.page import render
from backcheck_reports.statistics.aggregates import places
from tests.reports.test_reports_page import HOSTILE, Outline, readable

CURVE = [{"h": 10.0**-n, "float64": 1e-9, "float32": 1e-3, "exact": 10.0 ** (-2 * n)} for n in range(1, 12)]
STEPS = {"network": "x[1] -> tanh", "truncation": 1.0, "rounding": {"float64": 1e-16, "float32": 1e-8}, "rows": CURVE}
SPEED = {"rule": "dense", "phase": "small, float64", "ours_ms": 0.1, "theirs_ms": 0.2, "ratio": 0.5}
CHAIN = {
    "nodes": [
        {"name": "h1", "rule": "split", "reads": ["x"], "shape": [2, 4]},
        {"name": "h2", "rule": "dense", "reads": ["h1.0", "w", "b"], "shape": [2, 3]},
        {"name": "h3", "rule": "add", "reads": ["h2", "h1.1"], "shape": [2, 3]},
        {"name": "h4", "rule": "dense", "reads": ["h3", "w"], "shape": [2, 3]},
    ],
    "arrays": [{"name": name, "shape": [2]} for name in ("x", "w", "b")],
    "broken": "h2",
}
ERRORS = {"tensor": "w", "party": "numpy", "dtype": "float64", "shape": [2, 2], "index": "w[0, 1]", "block": [1, 1]}
ERRORS |= {"values": [[0.0, "inf"], [0.5, None]]}


@pytest.fixture
def measured(make):
    """Three parties and the exact oracle on networks of two depths, widths and sizes."""
    return [
        make(
            case=f"{n}",
            party=party,
            ulps=0.3 + place + n % 3,
            depth=1 + n % 2,
            width=4 ** (n % 2),
            magnitude=10.0 ** -(n % 2),
        )
        for n in range(20)
        for place, party in enumerate(("numpy", "torch", "jax", "exact"))
    ]


@pytest.fixture
def drawn(a_run):
    injected = ({"fault": "sign", "rule": "dense", "caught": 3, "missed": 0}, {"fault": "copied", "caught": False})
    return replace(a_run, steps=STEPS, speed=(SPEED, SPEED | {"ratio": 3.0}), power=injected)


@pytest.fixture
def pictured(note) -> CaseNote:
    return replace(note, graph=CHAIN, heat=ERRORS)


def test_the_nearest_is_counted_where_all_answered(make):
    errors = {"a": (0.5, 1.0, 1.0), "b": (2.0, 1.0, 1.0), "c": (math.nan, math.inf, 3.0)}
    records = [
        make(case=case, party=party, ulps=ulps)
        for case, each in errors.items()
        for party, ulps in zip(("numpy", "torch", "jax"), each, strict=True)
    ]
    aggregates = summarise([*records, make(case="d", party="numpy"), make(case="d", party="torch")]).aggregates
    parties, contest = aggregates.contest()
    assert parties == ("numpy", "torch", "jax")
    assert contest.tensors == 3
    assert dict(contest.nearest) == {"numpy": 1, "jax": 1}, "two alike are nobody's"


def test_nobody_is_the_nearest_by_luck(make, a_run):
    records = [
        make(case=f"{n}", party=p, ulps=1 + (n + k) % 2) for n in range(20) for k, p in enumerate(("numpy", "jax"))
    ]
    assert "None is clearly the nearest: of 20 gradient tensors" in readable(render(a_run, summarise(records), {}))
    records = [make(case=f"{n}", party=p, ulps=1 + k) for n in range(20) for k, p in enumerate(("numpy", "jax"))]
    assert "subject is the nearest most often" in readable(render(a_run, summarise(records), {}))


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({}, {}),
        ({"depth": 7, "width": 7}, {"depth": 7, "width": 4}),
        ({"depth": 17, "width": 1}, {"depth": 16, "width": 1}),
        ({"magnitude": 0.02}, {"magnitude": -2}),
        ({"magnitude": 1e-300}, {"magnitude": -12}),
        ({"magnitude": math.inf}, {}),
        ({"depth": -1, "width": -8, "magnitude": -1.0}, {}),
        ({"width": 3 << 5000}, {"width": 2 << 5000}),
        ({"magnitude": math.nan}, {}),
    ],
)
def test_a_record_has_its_place_on_each_axis(make, changes, where):
    assert dict(places(make(**changes))) == where


@pytest.mark.parametrize(
    ("quantity", "place", "name"),
    [("depth", 7, "7"), ("depth", 8, "8–15"), ("width", 1, "1"), ("width", 4, "4–7"), ("magnitude", -12, "≤10⁻¹²")],
)
def test_places_are_named(quantity, place, name):
    assert place_name(quantity, place) == name


def test_records_of_an_earlier_version_read_on(tmp_path, make):
    from backcheck_reports.storage.codec import encode

    data = json.loads(encode(make(depth=3, width=5, magnitude=2.0)))
    older = {name: value for name, value in data.items() if name not in ("depth", "width", "magnitude")}
    (tmp_path / "records-0000.jsonl").write_text(json.dumps(older) + "\n" + json.dumps(data) + "\n")
    first, second = read_records(tmp_path)
    assert (first.depth, first.width, first.magnitude) == (0, 0, 0.0)
    assert (second.depth, second.width, second.magnitude) == (3, 5, 2.0)


def test_the_matrix_has_a_cell_for_every_party_and_faults_stand_first(make):
    records = [
        make(rule="tanh", fraction=0.01),
        make(rule="tanh", party="torch", verdict=Verdict.UNAVAILABLE),
        make(rule="relu", fraction=3e4, verdict=Verdict.DISAGREE),
        make(rule="add", tensor="output"),
    ]
    summary = summarise(records)
    found = matrix(summary.rows, summary.aggregates, ())
    assert [row.rule for row in found.rows] == ["relu", "tanh", "forward value"]
    (own, theirs), (wrong, nothing) = found.rows[1].cells, found.rows[0].cells
    assert (own.kind, own.main, own.fraction, own.level) == ("agree", "1", "0.01", "5")
    assert (theirs.kind, theirs.main, theirs.aside, theirs.level) == ("unavailable", "", "+1", "")
    assert (wrong.kind, wrong.main, wrong.level) == ("disagree", "1 of 1", "11")
    assert nothing.kind == "none"


@pytest.mark.parametrize("odd", [-1.0, -math.inf, math.nan, 5e-324, 1e308])
def test_odd_numbers_of_a_damaged_record_are_drawn_somewhere(make, a_run, odd):
    numbers = dict.fromkeys(("fraction", "ulps", "resolution", "magnitude", "allowed"), odd)
    records = [make(case=f"{n}", party=p, depth=-n, width=n, **numbers) for n in range(9) for p in ("numpy", "jax")]
    Outline(render(a_run, summarise(records), {}))


def test_a_row_opens_to_its_tensors_and_to_broken_promises_only(make):
    kept, broken = (make(party="contract", argument=name, tensor=f"h.{name}") for name in ("pure", "linear"))
    broken = replace(broken, verdict=Verdict.DISAGREE)
    summary = summarise([make(argument="w"), make(argument="b", party="torch"), kept, broken])
    (row,) = matrix(summary.rows, summary.aggregates, ()).rows
    assert [tensor.name for tensor in row.tensors] == ["dw", "db", "dlinear"]


def test_the_page_of_all_rules_stays_small(make, a_run):
    records = [
        make(rule=f"rule_{rule}", argument=argument, party=party, dtype=dtype, fraction=0.001 * (rule + 1))
        for rule in range(140)
        for argument in ("x", "w")
        for party in ("numpy", "torch", "jax", "differences", "exact")
        for dtype in ("float64", "float32")
    ]
    page = render(a_run, summarise(records), {})
    assert page.count('<details class="mx-row') == 140
    assert len(page) < 1_200_000


def test_power_is_the_part_of_tensors_that_would_show_a_fault(make):
    records = [make(case=f"{n}", resolution=10.0**-n) for n in range(1, 11)]
    (ruled,) = power(summarise(records).aggregates, ()).rules
    assert [share.text for share in ruled.shares] == ["90.0 %", "70.0 %", "50.0 %", "30.0 %"]
    assert power(summarise([]).aggregates, ()) is None


def test_every_figure_has_its_numbers_and_words(measured, drawn, pictured, make):
    records = [*measured, make(case=pictured.id, verdict=Verdict.DISAGREE)]
    page = render(drawn, summarise(records), {pictured.id: pictured})
    plots = re.findall(r'<figure class="plot" id="plot-([\w-]+)">.*?</figure>', page, re.DOTALL)
    assert plots == ["nearest", "by-depth", "by-width", "by-magnitude", "steps", "caught"]
    for plot in re.findall(r'<figure class="plot".*?</figure>', page, re.DOTALL):
        assert {"<title", "<desc", "<details", "<table"} <= set(re.findall(r"<\w+", plot))
    for picture in re.findall(r'<svg (?:[^>]*)role="img"[^>]*>', page):
        assert "aria-label" in picture
    text = readable(page)
    for wanted in ("half an ulp", "differences alone cannot decide", "3 of 3", "missed", "fault ✗", "3.00 slower"):
        assert wanted in text
    ids = [value for name, value in Outline(page).attributes if name == "id"]
    assert len(ids) == len(set(ids))


def test_sections_appear_with_their_data_only(measured, a_run, drawn):
    without, with_all = (render(run, summarise(measured), {}) for run in (a_run, drawn))
    for mark in ('id="speed"', 'id="plot-steps"', "Faults that were planted"):
        assert mark in with_all
        assert mark not in without


def test_hostile_figures_stay_text(make, a_run, note):
    words = dict.fromkeys(("name", "rule", "shape"), HOSTILE)
    network = {
        "nodes": [words | {"reads": [HOSTILE + "x", "lost"]}],
        "arrays": [words | {"name": HOSTILE + "x"}],
        "broken": HOSTILE,
        "title": HOSTILE,
    }
    errors = dict.fromkeys(("tensor", "party", "dtype", "index", "where", "layout"), HOSTILE)
    told = replace(note, graph=network, heat=errors | {"shape": [HOSTILE], "block": [HOSTILE], "values": [[HOSTILE]]})
    row = dict.fromkeys(("rule", "phase", "fault", "caught", "ours_ms"), HOSTILE)
    curve = {"network": HOSTILE, "truncation": HOSTILE, "rounding": {HOSTILE: HOSTILE}, "rows": CURVE}
    run = replace(a_run, steps=curve, speed=(row | {"ratio": 2.0}, HOSTILE), power=(row, HOSTILE))
    records = [make(case=note.id, verdict=Verdict.DISAGREE), make(rule=HOSTILE, argument=HOSTILE, party=HOSTILE)]
    outline, plain = (
        Outline(render(run, summarise(records), {note.id: told})),
        Outline(render(a_run, summarise(records), {})),
    )
    assert (outline.tags["script"], outline.tags["img"]) == (plain.tags["script"], 0)
    assert not [name for name, _ in outline.attributes if name.startswith("on") or name == "style"]


def test_a_network_is_drawn_in_layers_by_the_longest_path():
    found = graph(CHAIN)
    height = {box.title: box.y for box in found.boxes}
    assert height["split"] < height["add"]
    kinds = [(box.title, box.kind) for box in found.boxes]
    assert kinds == [
        ("x [2]", "array"),
        ("w [2]", "array"),
        ("split", "node"),
        ("dense", "broken"),
        ("add", "node"),
        ("dense", "node"),
    ]
    assert [box.lines for box in found.boxes if box.kind == "broken"] == [("h2 [2,3]", "b [2]")], "w is read twice"
    assert len(found.arrows) == 7
    assert "the fault is at dense" in found.description


@pytest.mark.parametrize("data", [None, {}, {"nodes": []}, {"nodes": [{"name": "a", "rule": "a", "reads": []}] * 61}])
def test_no_network_no_drawing(data):
    assert graph(data) is None


def test_a_heat_map_marks_the_worst_and_says_what_is_beyond():
    found = heat(ERRORS)
    assert found.worst[:2] == (64, 2)
    assert [level.style for level in found.levels] == ["h0", "h2", "h6"]
    assert "1 of 3 squares, the worst by a factor of inf" in found.description
    assert "exact arithmetic" not in found.sentence
    assert "exact arithmetic" in heat(ERRORS | {"values": [[0.0, 0.5]]}).sentence
    assert "block of 4×2" in heat(ERRORS | {"block": [4, 2]}).sentence


@pytest.mark.parametrize("values", [[], [[]], "x", [["x"] * 50], None])
def test_no_errors_no_heat_map(values):
    assert heat(ERRORS | {"values": values}) is None if values is not None else heat(None) is None


def test_notes_keep_their_pictures_and_older_ones_have_none(tmp_path, pictured):
    write_note(tmp_path, pictured)
    assert read_notes(tmp_path)[pictured.id] == pictured
    path = tmp_path / "notes" / f"{pictured.id}.json"
    data = json.loads(path.read_text())
    path.write_text(json.dumps({name: value for name, value in data.items() if name not in ("graph", "heat")}))
    assert read_notes(tmp_path)[pictured.id].graph is None
    path.write_text(json.dumps(data | {"heat": 3}))
    with pytest.raises(StoreError, match="heat: expected object \\| null, got int"):
        read_notes(tmp_path)


def test_speed_is_read_from_beside_the_run(tmp_path, a_run):
    write_run(tmp_path, a_run)
    assert read_run(tmp_path).speed == ()
    (tmp_path / "speed.json").write_text(json.dumps([SPEED]))
    assert read_run(tmp_path).speed == (SPEED,)
    for text in ("[", "{}"):
        (tmp_path / "speed.json").write_text(text)
        with pytest.raises(StoreError, match=r"speed\.json"):
            read_run(tmp_path)


def test_speed_says_who_is_faster():
    (group,) = speed([SPEED, SPEED | {"rule": "lstm", "ratio": 2.0}, SPEED | {"ratio": "x"}, 3]).groups
    assert "Geometric mean of 2: 1.00 times" in group.sentence
    assert [(bar.name, bar.kind) for bar in group.bars] == [("lstm", "slower"), ("dense", "faster")]
    assert speed([]) is None


@pytest.mark.parametrize("data", [None, {}, {"rows": []}, {"rows": [{"h": 0.1}]}, {"rows": [3]}])
def test_no_steps_no_curve(data):
    assert steps(data) is None


def test_axes_clamp_and_powers_are_written_out():
    axis = across(-2, 2)
    assert [axis.at(value) for value in (0.0, 1e-9, 1.0, math.inf, math.nan)] == [58, 58, 252, 446, 446]
    assert [power_of_ten(n) for n in (-6, -2, 0, 3, 12)] == ["10⁻⁶", "0.01", "1", "1000", "10¹²"]


HUNTED = (
    {"fault": "dense: late", "rule": "dense", "kind": "factor", "caught": True, "networks": 40, "judged": 4,
     "named": "dense", "tensor": "w", "sentence": "got 2 x want", "right_rule": True, "right_kind": True,
     "checkers": {"gradcheck": {"caught": True, "seconds": 0.5}, "allclose": {"caught": None, "seconds": 0.1}}},
    {"fault": "tanh: soon", "rule": "tanh", "kind": "sign", "caught": True, "networks": 2, "judged": 1, "named": "relu",
     "tensor": "x", "right_rule": False, "right_kind": False, "checkers": {"gradcheck": {"caught": False,
     "seconds": 0.1}}},
    {"fault": "relu: never", "rule": "relu", "kind": "tie", "caught": False, "networks": None, "judged": 9,
     "needs": "a tie", "crash": ""},
    {"fault": "tanh: soon", "rule": "tanh", "right": True, "checkers": {"gradcheck": {"caught": True, "seconds": 0.1}}},
)  # fmt: skip


def test_planted_faults_are_counted_and_survivors_stand_first(a_run):
    found = planted(HUNTED)
    assert [row.fault for row in found.survivors] == ["relu: never"]
    assert found.sentence.startswith(
        "3 faults planted, 2 found. Half of those found are found within 21 networks. 50.0 %"
    )
    assert [row[:4] for row in found.kinds] == [
        ("factor", "1", "1", "40"), ("sign", "1", "1", "2"), ("tie", "1", "0", "–")
    ]  # fmt: skip
    ((name, caught, alarms, time),) = [(r.name, r.caught, r.alarms, r.milliseconds) for r in found.checkers]
    assert (name, caught, alarms, time) == ("gradcheck", "1 of 2", "1 of 1", "100")
    shares = {row[0]: row[1:] for row in found.plot.numbers.rows}
    assert shares["1"] == ("0 %", "33.3 %")
    assert shares["50"] == ("66.7 %", "66.7 %")
    assert planted(()) is None


def test_a_run_that_planted_faults_alone_says_how_many_were_found(a_run):
    page = readable(render(replace(a_run, power=HUNTED), summarise([]), {}))
    assert "2 of 3 planted faults found" in page
    assert "No gradient was judged" not in page
    everyone = readable(render(replace(a_run, power=HUNTED[:2]), summarise([]), {}))
    assert "All 2 planted faults found" in everyone
