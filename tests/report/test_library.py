"""The page's library: structures, categories, the table of heads, and the search that filters them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.report.conftest import watched
from tests.report.small_page import MARKUP, small_overview, written


@pytest.fixture(scope="module")
def opened(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, str]]:
    address = written(tmp_path_factory.mktemp("page"), small_overview())
    with watched(browser, viewport={"width": 1200, "height": 900}) as page:
        yield page, address


def library(opened: tuple[Page, str], search: str = "") -> Page:
    page, address = opened
    page.goto("about:blank")
    page.goto(f"{address}#library{search}")
    page.locator("table.all").wait_for()
    return page


def heads(page: Page) -> list[str]:
    """Those of the table, from top to bottom."""
    return page.locator("table.all tbody td:first-child").all_inner_texts()


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("which heads look at names", ["L1H1"]),  # by category, and by what its parts explain
        ("induction", ["L1H0"]),
        ("upper-case letters", ["L1H1"]),  # by what a feature means
        ("is_comma", ["L1H2"]),
        ("repetition", ["L1H0"]),  # a family of features
        ("Lily", ["L1H1"]),  # a word that is like one of the program
        ("she", ["L0H2"]),  # words are found whole
        ("hypothesis that is nowhere", []),
        ("L1", ["L1H0", "L1H1", "L1H2"]),
        ("l0h2", ["L0H2"]),
        ("previous token", ["L0H0"]),
        ('"sheep"', ["L1H2"]),
        ('"shee"', []),
        ("</script>", ["L0H2"]),
        ("the", ["L0H0", "L1H0"]),  # a question of small words alone is taken at its word
    ],
)
def test_a_question_finds_heads(opened: tuple[Page, str], question: str, found: list[str]) -> None:
    page = library(opened)
    page.get_by_label("Search", exact=True).fill(question)
    assert heads(page) == found


def test_the_search_filters_all_as_one_types(opened: tuple[Page, str]) -> None:
    page = library(opened)
    assert heads(page) == ["L0H0", "L0H2", "L1H0", "L1H1", "L1H2"]
    page.get_by_label("Search", exact=True).focus()
    page.keyboard.type("names")
    assert heads(page) == ["L1H1"]
    assert page.locator(".kinds h3").all_inner_texts() == ["name mover 1 head, mean IoU 0.600"]
    assert page.locator(".structures > li .count").all_inner_texts() == ["3"]
    answer = page.locator(".answer").inner_text()
    assert "1 head of 5" in answer and "by category: 1" in answer
    assert page.evaluate("location.hash") == "#library?search=names"
    page.get_by_label("Search", exact=True).fill("")
    assert len(heads(page)) == 5 and page.evaluate("location.hash") == "#library"


def test_why_a_head_is_found_is_told(opened: tuple[Page, str]) -> None:
    page = library(opened, "?search=upper-case")
    row = page.locator("table.all tbody tr").inner_text()
    assert "is_capitalised: starts with an upper-case letter" in row
    assert "by what a feature of the program means: 1" in page.locator(".answer").inner_text()


def test_an_address_opens_its_search(opened: tuple[Page, str]) -> None:
    page = library(opened, "?search=%22she%22")
    assert page.get_by_label("Search", exact=True).input_value() == '"she"'
    assert heads(page) == ["L0H2"]
    page.locator(".answer a").click()
    page.wait_for_function("location.hash === '#L0H2'")


def test_what_finds_nothing_is_said(opened: tuple[Page, str]) -> None:
    page = library(opened)
    page.get_by_label("Search", exact=True).fill(MARKUP)
    assert "L0H2" in heads(page)
    page.get_by_label("Search", exact=True).fill("<i>zzz</i>")
    assert page.locator(".answer").inner_text() == "No head's program has to do with “<i>zzz</i>”."
    assert heads(page) == []


def test_structures_are_told_with_their_heads(opened: tuple[Page, str]) -> None:
    page = library(opened)
    first = page.locator(".structures > li").first
    assert first.locator("a").all_inner_texts() == ["L0H0", "L1H0", "L1H1"]
    assert "number 1 of the cover" in first.inner_text() and "2 parts, 8 literals" in first.inner_text()
    same = first.locator("summary").filter(has_text="1 other structure explains the same")
    same.focus()
    page.keyboard.press("Enter")
    expect(first.get_by_text("The token before.")).to_be_visible()


def test_columns_sort_by_keys_too(opened: tuple[Page, str]) -> None:
    page = library(opened)
    page.get_by_role("button", name="ceiling").focus()
    page.keyboard.press("Enter")
    assert heads(page) == ["L0H0", "L1H1", "L1H0", "L1H2", "L0H2"]  # what is not known comes last
    expect(page.get_by_role("columnheader", name="ceiling")).to_have_attribute("aria-sort", "descending")
    page.keyboard.press("Enter")
    assert heads(page) == ["L1H2", "L1H0", "L1H1", "L0H0", "L0H2"]
    page.get_by_role("button", name="parts").click()
    assert heads(page) == ["L0H0", "L0H2", "L1H0", "L1H1", "L1H2"]
    page.get_by_label("Search", exact=True).fill("L1")
    assert heads(page) == ["L1H0", "L1H1", "L1H2"]


def test_markup_stays_text(opened: tuple[Page, str]) -> None:
    page = library(opened)
    assert MARKUP in page.locator("table.all").inner_text()
    assert page.locator("main b").count() == 0
    assert page.evaluate("window.ran") is None


def test_many_heads_are_shown_when_asked_for(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    row = small_overview()["heads"][0]
    many = [row | {"head": f"L{layer}H{index}", "layer": layer, "index": index, "iou": index / 16}
            for layer in range(16) for index in range(16)]  # fmt: skip
    overview = small_overview(heads=many, layers=16, width=16, without=[], structures=[])
    with watched(browser) as page:
        page.goto(written(tmp_path_factory.mktemp("many"), overview) + "#library")
        page.locator("table.all").wait_for()
        shown = len(heads(page))
        assert shown < 256
        page.get_by_role("button", name="all 256 heads").click()
        assert len(heads(page)) == 256
