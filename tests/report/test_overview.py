"""What the page shows first: figures, the grid of heads, charts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.report.conftest import watched
from tests.report.small_page import MARKUP, small_overview, written


@pytest.fixture(scope="module")
def opened(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, str]]:
    address = written(tmp_path_factory.mktemp("page"), small_overview())
    with watched(browser, viewport={"width": 1200, "height": 900}) as page:
        yield page, address


@pytest.fixture
def page(opened: tuple[Page, str]) -> Page:
    """The overview, as it opens."""
    page, address = opened
    page.goto("about:blank")
    page.goto(address)
    page.locator("table.heads a").first.wait_for()
    return page


def fill(page: Page, head: str) -> str:
    cell = page.locator(f'table.heads a[href="#{head}"]')
    return str(cell.evaluate("cell => getComputedStyle(cell).backgroundColor"))


def name(page: Page, head: str) -> str:
    return page.locator(f'table.heads a[href="#{head}"]').get_attribute("aria-label") or ""


def test_headline_figures_stand_first(page: Page) -> None:
    tiles = page.locator(".tile").all_inner_texts()
    assert tiles[0].split("\n")[:2] == ["0.600", "mean IoU"]
    assert "0.580–0.620" in tiles[0] and "0.762" in tiles[0]
    assert "1 of 3" in tiles[1] and "3 of 5 heads" in tiles[1]
    assert "+7.5\xa0%" in tiles[2] and "perplexity with 1 head replaced" in tiles[2]
    assert "none" in tiles[3]
    assert "20 train, 10 validation, 12 test" in page.locator(".facts").inner_text()


def test_the_switch_colours_the_grid(page: Page) -> None:
    switch = page.get_by_label("Colour by")
    assert name(page, "L1H1") == "L1H1: IoU 0.600; Capitals."
    by_iou = fill(page, "L0H0"), fill(page, "L1H2")
    assert by_iou[0] != by_iou[1]
    switch.select_option("gap to the ceiling")
    assert name(page, "L1H1").startswith("L1H1: gap to the ceiling 0.300;")
    assert name(page, "L0H2").startswith("L0H2: gap to the ceiling not known;")
    assert fill(page, "L0H0") != by_iou[0]
    switch.select_option("category")
    assert name(page, "L1H1").startswith("L1H1: category name mover;")
    legend = page.locator(".legend li a")
    assert sorted(legend.all_inner_texts()) == ["induction head 1", "mixed 1", "name mover 1", "previous-token head 1"]
    swatch = legend.filter(has_text="name mover").locator(".swatch")
    assert swatch.evaluate("mark => getComputedStyle(mark).backgroundColor") == fill(page, "L1H1")
    switch.select_option("names")
    assert name(page, "L1H1").startswith("L1H1: names 60 %;")
    switch.select_option("effect of the head")
    assert name(page, "L1H2").startswith("L1H2: effect of the head 1;")
    assert fill(page, "L0H0") != fill(page, "L1H2")
    switch.select_option("effect recovered by the program")
    assert name(page, "L1H2").startswith("L1H2: effect recovered by the program 50 %;")


def test_a_kind_that_no_head_has_is_not_offered(page: Page) -> None:
    offered = page.locator("#colouring option").all_inner_texts()
    assert "recency" in offered and "avoids recency" not in offered


def test_keys_move_from_cell_to_cell_and_open_a_head(page: Page) -> None:
    page.get_by_label("Colour by").focus()
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    expect(focused).to_have_attribute("href", "#L0H0")
    page.keyboard.press("ArrowDown")  # past L0H1, which has no program
    expect(focused).to_have_attribute("href", "#L0H2")
    page.keyboard.press("ArrowRight")
    expect(focused).to_have_attribute("href", "#L1H2")
    tip = page.get_by_role("tooltip")
    assert "IoU 0.300 (0.290–0.310)" in tip.inner_text() and "A loop." in tip.inner_text()
    page.keyboard.press("ArrowUp")
    expect(focused).to_have_attribute("href", "#L1H1")
    page.keyboard.press("ArrowRight")  # there is none
    expect(focused).to_have_attribute("href", "#L1H1")
    page.keyboard.press("Shift+Tab")
    expect(tip).to_be_hidden()
    page.keyboard.press("Tab")  # the grid is one stop, where it was left
    expect(focused).to_have_attribute("href", "#L1H1")
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#L1H1"


def test_the_pointer_tells_what_is_known_of_a_head(page: Page) -> None:
    page.locator('table.heads a[href="#L1H1"]').hover()
    told = page.get_by_role("tooltip").inner_text()
    assert "L1H1 name mover" in told and "ceiling 0.900" in told and "names 60 %" in told and "recovers 60 %" in told


def test_a_head_without_a_program_is_shown_as_such(page: Page) -> None:
    assert page.get_by_role("img", name="L0H1: no scored program").count() == 1
    assert page.locator('a[href="#L0H1"]').count() == 0


def test_charts_say_what_they_show(page: Page) -> None:
    charts = {text.split(" ")[0]: text for text in page.locator("figure.chart").all_inner_texts()}
    assert "on 12 test texts" in charts["Controls"] and "right assignment" in charts["Controls"]
    assert "smallest effect first" in charts["Heads"] and "perplexity is 3.500" in charts["Heads"]
    assert "×10" in charts["Beside"]  # what explains nothing needs a logarithmic axis
    assert "3 structures explain all 5" in charts["Few"]
    for chart in page.locator("figure.chart").all():
        assert chart.locator("svg").count() > 0
    links = page.locator("figure.chart").filter(has_text="Fidelity and effect").locator("a")
    assert {link.get_attribute("xlink:href") or link.get_attribute("href") for link in links.all()} == {
        "#L0H0", "#L0H2", "#L1H0", "#L1H1", "#L1H2"
    }  # fmt: skip


def test_a_point_tells_its_figures(page: Page) -> None:
    chart = page.locator("figure.chart").filter(has_text="should do worse")
    svg = chart.locator("svg").last
    svg.locator("circle").last.hover()
    expect(svg).to_contain_text("+900.0 % (+810.0 % to +990.0 %)")


def test_charts_fit_the_window(page: Page) -> None:
    svg = page.locator("figure.chart").filter(has_text="should do worse").locator("svg").last
    before = svg.get_attribute("width")
    page.set_viewport_size({"width": 500, "height": 800})
    expect(svg).not_to_have_attribute("width", str(before))
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.set_viewport_size({"width": 1200, "height": 900})


def test_what_was_not_measured_names_the_command(browser: Browser, tmp_path: Path) -> None:
    notice = f"Thinned {MARKUP}"
    asked = {"summary": "30 answers", "calls": 30, "cost": {"tokens": 5000, "dollars": 1.5}, "verdicts": {},
             "unusable": {}}  # fmt: skip
    overview = small_overview(evaluated=False, notices=[notice], language_model=asked)
    with watched(browser) as page:
        page.goto(written(tmp_path, overview))
        absent = page.locator(".absent")
        absent.first.wait_for()
        assert [text.split(" not measured")[0] for text in absent.all_inner_texts()] == [
            "Increase in perplexity", "Controls", "Fidelity and effect"
        ]  # fmt: skip
        assert "headsynth evaluate runs/small" in absent.first.inner_text()
        assert "Not known of this run: effect on the loss." in page.locator(".grid").inner_text()
        assert "$1.50" in page.locator(".tile").last.inner_text()
        assert page.locator(".notices li").inner_text() == notice


def test_markup_stays_text(page: Page) -> None:
    assert MARKUP in name(page, "L0H2")
    page.locator('table.heads a[href="#L0H2"]').hover()
    assert MARKUP in page.get_by_role("tooltip").inner_text()
    assert page.locator("main b").count() == 0
    assert page.evaluate("window.ran") is None
