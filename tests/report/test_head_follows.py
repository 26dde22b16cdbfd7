"""A head's page tells of the program and the text at hand, whichever way one came to them; all of it is in reach."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synth import open_run
from tests.report.conftest import watched
from tests.report.tiny_report import HEAD, changed, written_report
from tests.report.unpacked import Unpacked

pytest.importorskip("playwright", reason="Playwright, which drives the browser, is not installed")
from playwright.sync_api import Browser, Page

CONTRASTS = """selector => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map((own) => own / 255)
      .map((own) => (own <= 0.03928 ? own / 12.92 : ((own + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  return [...document.querySelectorAll(selector)].map(getComputedStyle)
    .filter((style) => !style.backgroundColor.endsWith(", 0)"))
    .map(({ color, backgroundColor }) => [color, backgroundColor].map(light).sort((a, b) => b - a))
    .map(([more, less]) => (more + 0.05) / (less + 0.05));
}"""
"""Of the text of shaded elements with what lies behind it, as WCAG has it."""
PAIRING = '''def attend(query, key, pair):
    """A pairing."""
    return weights(query, {"dog": 1.0, "cat": 0.3, "she": -0.1}) * weights(key, {"ball": 1.0, "ran": -0.6, "a": 0.2})
'''


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run on three heads of a tiny Llama."""
    return written_report(tmp_path_factory.mktemp("report"))


@pytest.fixture
def page(browser: Browser, report: Path) -> Iterator[Page]:
    with watched(browser, viewport={"width": 1300, "height": 900}) as opened:
        opened.goto(f"{report.as_uri()}#{HEAD}")
        opened.wait_for_selector("#patterns canvas")
        yield opened


def test_what_a_cell_tells_follows_the_program_and_goes_with_the_text(page: Page, report: Path) -> None:
    canvas = page.locator("canvas").first
    canvas.focus()
    for key in ("ArrowUp", "ArrowLeft", "ArrowLeft"):  # from the last query and key
        canvas.press(key)
    page.keyboard.press("[")
    page.wait_for_function("location.hash.includes('/')")
    page.wait_for_timeout(100)
    rank, number = map(int, re.findall(r"\d+", page.url.split("#")[1])[2:])
    with open_run(report.parent) as run:
        program = run[HEAD].ranked[rank - 1].program
        weights = run.patterns(HEAD, number, program).of_program.weights
        before = run.patterns(HEAD, number).of_program.weights
    assert abs(weights[-2, -3] - before[-2, -3]) > 2e-3  # so that the one is not taken for the other
    assert page.locator("#tip").is_visible()
    shown = float(page.text_content("#tip [data-weight=program]") or "nan")
    assert shown == pytest.approx(weights[-2, -3], abs=6e-4)
    page.keyboard.press(".")
    page.wait_for_function(f"document.querySelector('#patterns select').value !== '{number}'")
    assert page.locator("#tip").is_hidden()
    canvas.press("Enter")  # no cell of this text was pointed at
    assert "locked" not in (page.text_content(".reading p") or "")


def test_what_was_typed_goes_with_its_program(page: Page) -> None:
    page.keyboard.press("[")
    page.wait_for_function("location.hash.includes('/')")
    page.click("#source button:has-text('edit')")
    page.fill("#source textarea", "def attend(")
    page.wait_for_function("document.querySelector('#source [role=alert]').textContent !== ''")
    page.locator("#source textarea").type("quer")
    page.evaluate(f"location.hash = '{HEAD}'")
    page.wait_for_function("!location.hash.includes('/')")
    page.wait_for_timeout(400)
    assert page.input_value("#source textarea") == page.text_content("#source pre")
    assert page.text_content("#source [role=alert]") == ""


def test_the_keyboard_stays_where_it_is_when_programs_and_words_change(page: Page) -> None:
    page.locator(".step").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.step').getAttribute('aria-current') === 'true'")
    assert page.evaluate("document.activeElement.getAttribute('aria-current')") == "true"
    page.click("#source button:has-text('edit')")
    page.fill("#source textarea", PAIRING)
    page.wait_for_function("document.querySelector('.hypothesis').textContent === 'A pairing.'")
    page.click("summary:has-text('weights of either side')")
    page.locator(".adder").last.fill("cat")
    page.keyboard.press("Enter")
    assert '"a": 0.2, "cat": 0.5' in (page.text_content("#source pre") or "")
    page.keyboard.type("the")  # the same field is still at hand
    page.keyboard.press("Enter")
    assert '"cat": 0.5, "the": 0.5' in (page.text_content("#source pre") or "")


def test_tokens_are_one_stop_of_the_tab_key_and_tell_where_they_look(page: Page) -> None:
    tokens = page.locator(".tokens").first
    assert tokens.locator("[tabindex='0']").count() == 1
    note = page.locator(".reading p")
    tokens.locator("[tabindex='0']").focus()
    assert "(token 0)" in (note.text_content() or "")
    page.keyboard.press("ArrowRight")
    assert "(token 1)" in (note.text_content() or "")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    assert f"(token {tokens.locator('.token').count() - 1}) looks: locked" in (note.text_content() or "")
    page.keyboard.press("Home")
    assert page.locator("#tip [data-weight=head]").count() == 1  # of the locked query and this key


def test_what_looks_at_no_token_is_told(browser: Browser, report: Path, tmp_path: Path) -> None:
    def sunk(held: Unpacked) -> None:
        for text in held.heads[HEAD]["texts"]:
            n = len(held.texts["texts"][str(text["number"])]["tokens"])
            text["mass"] = np.full(n, 0.7, np.float32)

    with watched(browser) as page:
        page.goto(f"{changed(report, tmp_path, sunk)}#{HEAD}")
        page.locator(".token").nth(3).hover()
        assert "30 % at no token" in (page.text_content(".reading p") or "")


def test_failures_of_a_scripted_program_are_counted(browser: Browser, report: Path, tmp_path: Path) -> None:
    texts: list[dict[str, Any]] = []

    def failing(held: Unpacked) -> None:
        head = held.heads[HEAD]
        own = {"name": "loops", "source": "def loops(query, key, pair): ...", "kind": "scripted", "parts": None}
        head["programs"].insert(0, head["programs"][0] | own | {"stands_in": False})
        texts.extend(head["texts"])
        for text in texts:
            text["scripted"] = {"loops": text["pattern"] if text is texts[0] else "loops: line 3: too long"}
        structure = held.overview["structures"][0]
        held.overview["structures"] = [structure | {"heads": [HEAD, "L9H9"], "parts": None}]

    with watched(browser) as page:
        page.goto(f"{changed(report, tmp_path, failing)}#{HEAD}/1")
        page.wait_for_selector("#patterns canvas")
        assert f"fails on {len(texts) - 1} of them" in (page.text_content(".now") or "")
        choices = page.locator("#patterns option").all_text_contents()
        assert sum("fails" in choice for choice in choices) == len(texts) - 1
        assert "a script, explains" in (page.text_content("#kin") or "")


def test_a_narrow_window_holds_all_views(browser: Browser, report: Path) -> None:
    with watched(browser, viewport={"width": 400, "height": 800}) as page:
        for place in ("", "library", HEAD):
            page.goto(f"{report.as_uri()}#{place}")
            page.wait_for_selector("main h1")
            page.wait_for_timeout(200)
            assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_patterns_out_of_sight_are_on_paper(browser: Browser, report: Path) -> None:
    with watched(browser, viewport={"width": 1300, "height": 150}) as page:
        page.goto(f"{report.as_uri()}#{HEAD}")
        page.wait_for_selector("#patterns canvas")
        drawn = "document.querySelector('#patterns canvas').width !== 300"  # what an empty canvas has
        assert not page.evaluate(drawn)
        page.pdf()
        assert page.evaluate(drawn)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_shaded_can_be_read(browser: Browser, report: Path, scheme: Any) -> None:
    with watched(browser, color_scheme=scheme) as page:
        page.goto(report.as_uri())
        page.wait_for_selector("table.heads a")
        assert min(page.evaluate(CONTRASTS, "table.heads a *, table.heads a")) > 4
        page.goto(f"{report.as_uri()}#{HEAD}")
        page.click("#source button:has-text('edit')")
        page.fill("#source textarea", PAIRING)
        page.wait_for_selector("th:has-text('“dog”')")
        assert min(page.evaluate(CONTRASTS, ".pairing td.figure")) > 4
        page.locator(".token").nth(8).hover()
        assert min(page.evaluate(CONTRASTS, ".token")) > 4


def test_an_address_that_names_what_is_not_held_says_so(browser: Browser, report: Path) -> None:
    with watched(browser) as page:
        page.goto(f"{report.as_uri()}#{HEAD}/99/text=9999")
        page.wait_for_selector("text=This page does not hold its program 99 and its patterns on text 9999.")
        page.evaluate(f"location.hash = '{HEAD}/1'")
        page.wait_for_selector("text=This page does not hold", state="detached")
        page.evaluate("location.hash = 'library?search=100%'")
        page.wait_for_selector("h1:has-text('The library')")


def test_an_edited_program_is_there_when_one_comes_back_to_it(page: Page) -> None:
    page.click("#source button:has-text('edit')")
    page.fill("#source textarea", PAIRING)
    edited = "document.querySelector('.now').textContent.startsWith('edited')"
    page.wait_for_function(edited)
    page.keyboard.press("Escape")
    page.keyboard.press("[")
    page.wait_for_function(f"!{edited}")
    page.go_back()
    page.wait_for_function(edited)
    assert page.text_content("#source pre") == PAIRING


def test_what_is_no_program_is_not_saved(page: Page) -> None:
    page.click("#source button:has-text('edit')")
    page.fill("#source textarea", PAIRING.replace("query, {", "query, ["))
    page.click("#source button:has-text('save as a file')")
    assert "not a program" in (page.text_content("#source .tools [role=status]") or "")
    page.fill("#source textarea", PAIRING)
    with page.expect_download() as download:
        page.click("#source button:has-text('save as a file')")  # before what was typed was read by itself
    assert Path(download.value.path()).read_text("utf-8") == PAIRING


def test_words_of_one_side_are_no_pairing(page: Page) -> None:
    page.click("#source button:has-text('edit')")
    page.fill("#source textarea", PAIRING.replace("weights(key,", "weights(query.previous,"))
    page.wait_for_function(
        "document.querySelectorAll('.part').length === 1 && document.querySelectorAll('.bars tr').length === 6"
    )
    assert page.locator("table.pairing").count() == 0
