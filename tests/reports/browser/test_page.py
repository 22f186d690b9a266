"""The page in a real browser: light and dark, printed, on a telephone, without scripts, and against hostile text."""

from importlib import resources
from pathlib import Path

import pytest

from backcheck_reports.record import Verdict
from tests.reports.browser.conftest import DESKTOP, PHONE, Opened

CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8").partition("\n")[2]
INK = "getComputedStyle(document.body).color + getComputedStyle(document.body).backgroundColor"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_in_dark(visit, planted, scheme):
    page = visit(planted, color_scheme=scheme)
    page.click("#cases .rows .line >> nth=0")
    assert page.evaluate(CONTRAST) == []


def test_dark_is_dark(visit, planted):
    page = visit(planted, color_scheme="light")
    light = page.evaluate(INK)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(INK) != light


@pytest.mark.parametrize("options", [{"viewport": DESKTOP}, {"viewport": PHONE, "color_scheme": "dark"}], ids=str)
def test_no_barrier_is_found_by_axe(visit, planted, options):
    pytest.importorskip("axe_playwright_python", reason="needs axe: pip install axe-playwright-python")
    page = visit(planted, **options)
    page.click("#cases .rows .line >> nth=0")
    page.evaluate((resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    # the colours are looked at above, every one and in a tenth of the time
    found = page.evaluate("axe.run(document, { rules: { 'color-contrast': { enabled: false } } })")["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")] == []


def test_print_opens_everything_and_lists_the_worst(visit, planted):
    page = visit(planted)
    closed = page.locator("details:not([open])").count()
    assert closed
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    assert page.locator("#cases .list").is_hidden()
    assert page.locator("#cases .plain tbody tr").first.is_visible()
    assert page.locator("nav").is_hidden()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() == closed
    assert len(page.pdf()) > 10_000


def test_without_scripts_every_section_is_there(visit, large, planted):
    for path in (large, planted):
        page = visit(path, ready=False, java_script_enabled=False)
        for section in page.locator("main > section").all():
            assert section.locator("h2").is_visible()
            assert len(section.inner_text()) > 50
        assert page.locator("#cases .list").is_hidden()
        assert page.locator("#cases .plain tbody tr").count() == 100
        assert "where scripts run" in page.locator("#cases caption").inner_text()
        assert page.locator("button:visible").count() == 0


def test_a_browser_that_cannot_unpack_keeps_the_plain_table(browser, planted):
    page = browser.new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto(planted.as_uri())
    page.wait_for_timeout(200)
    assert page.locator("#cases .list").is_hidden()
    assert page.locator("#cases .plain").is_visible()
    page.close()


@pytest.mark.parametrize("which", ["planted", "large", "hostile"])
def test_nothing_is_wider_than_a_telephone(visit, request, which):
    page = visit(request.getfixturevalue(which), viewport=PHONE)
    page.click("#cases .rows .line >> nth=0")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    window, line = (page.locator(f"#cases {part}").first.bounding_box() for part in (".window", ".rows .line"))
    assert line["width"] <= window["width"]


def test_hostile_text_stays_text(visit, hostile):
    page = visit(hostile)
    for place in range(10):
        page.click(f"#cases .rows .line >> nth={place}")
    page.fill("#cases input", "<script>")
    hostile_cases = len(Verdict)
    assert page.locator("#cases output").text_content() == f"{hostile_cases} of {hostile_cases + 42}"
    page.click("#cases .rows .line >> nth=0")
    assert "</script>" in page.locator("#cases .detail h3").text_content()
    assert page.locator("#cases .detail pre").text_content().startswith("backcheck replay '</script>"), "quoted"
    assert page.locator("img").count() == 0


def test_odd_numbers_are_shown_as_they_are(visit, hostile):
    page = visit(hostile)
    page.fill("#cases input", "odd")
    page.click("#cases .rows .line >> nth=0")
    shown = [page.locator(f"#cases [data-fact={name}]").text_content() for name in ("got", "want", "allowed", "ulps")]
    assert shown == ["-inf", "-0.0", "5e-324", "nan"]


def test_a_link_to_a_case_opens_it(visit, planted):
    page = visit(planted)
    card = page.locator("#findings > details").last
    card.evaluate("card => { card.open = false; location.hash = card.id }")
    page.wait_for_selector("#findings > details:last-of-type[open]")


def test_the_listener_hears_complaints_and_requests_and_sees_what_was_injected(browser, tmp_path):
    heard = Opened(browser.new_page())
    heard.listen()
    (tmp_path / "bad.html").write_text(
        "<img src='https://no.where.invalid/x.png'><script>window.injected=1;oops</script>"
    )
    heard.page.goto((tmp_path / "bad.html").as_uri())
    assert any("oops" in complaint for complaint in heard.complaints)
    assert "https://no.where.invalid/x.png" in heard.requests
    assert heard.page.evaluate("window.injected") == 1
    heard.page.close()


def test_the_measure_of_contrast_sees_grey_on_grey(browser):
    page = browser.new_page()
    page.set_content("<p style='color: #888; background: #999'>hardly</p><p>well</p>")
    assert [text for _, _, text, _ in page.evaluate(CONTRAST)] == ["hardly"]
    page.close()
