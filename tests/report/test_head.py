"""A head's page: read, stepped through and edited by pointer and by keyboard; its figures are what Python computes."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from synth import open_run
from synth.run import Run
from tests.report.conftest import watched
from tests.report.tiny_report import HEAD, rewritten, written_report
from tests.report.unpacked import Unpacked

pytest.importorskip("playwright", reason="Playwright, which drives the browser, is not installed")
from playwright.sync_api import Browser, Page

NEAR = 1e-3
"""What the eight bits of a weight that travels leave of an IoU."""

CURVE_AND_WORDS = '''def attend(query, key, pair):
    """A curve and words."""
    near = curve(pair.distance, {0: 1.0, 2: 0.5, 8: -1.0})
    return near + weights(key, {"dog": 1.0}, is_capitalised=0.5)
'''


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run on three heads of a tiny Llama."""
    return written_report(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def run(report: Path) -> Iterator[Run]:
    with open_run(report.parent) as opened:
        yield opened


@pytest.fixture
def page(browser: Browser, report: Path) -> Iterator[Page]:
    with watched(browser, viewport={"width": 1300, "height": 900}) as opened:
        opened.goto(f"{report.as_uri()}#{HEAD}")
        opened.wait_for_selector("#patterns canvas")
        yield opened


def source_on(page: Page) -> str:
    return page.text_content("#source pre") or ""


def iou_on(page: Page) -> float:
    return float(page.text_content("#iou-text") or "nan")


def text_on(page: Page) -> int:
    return int(page.input_value("#patterns select"))


def is_what_python_computes(page: Page, run: Run) -> bool:
    computed = run.patterns(HEAD, text_on(page), source_on(page)).iou
    return abs(iou_on(page) - computed) < NEAR


def edit(page: Page, source: str) -> None:
    page.click("#source button:has-text('edit')")
    page.fill("#source textarea", source)


def test_the_program_that_stands_in_is_shown_with_its_figures(page: Page, run: Run) -> None:
    surrogate = run[HEAD].surrogate
    assert source_on(page) == surrogate.program.source
    assert page.text_content(".hypothesis") == surrogate.program.hypothesis
    scores = surrogate.scores
    shown = f"{scores.iou:.3f} ({scores.iou_low:.3f}–{scores.iou_high:.3f})"
    assert shown in (page.text_content(".now") or "")
    assert page.locator(".part").count() == surrogate.program.parts
    assert is_what_python_computes(page, run)


def test_a_cell_tells_both_weights_and_what_makes_the_score(page: Page, run: Run) -> None:
    found = run.patterns(HEAD, text_on(page))
    canvas = page.locator("canvas").first
    canvas.focus()
    for key in ("ArrowUp", "ArrowLeft", "ArrowLeft"):  # from the last query and key
        canvas.press(key)
    query, key_place = len(found.of_head.tokens) - 2, len(found.of_head.tokens) - 3
    head, program = (float(page.text_content(f"#tip [data-weight={side}]") or "nan") for side in ("head", "program"))
    assert head == pytest.approx(found.of_head.weights[query, key_place], abs=4e-3)
    assert program == pytest.approx(found.of_program.weights[query, key_place], abs=6e-4)
    parts = [float(cell) for cell in page.locator("#tip tr:not(.sum) .figure").all_text_contents()]
    (total,) = page.locator("#tip tr.sum .figure").all_text_contents()
    assert sum(parts) == pytest.approx(float(total), abs=0.006 * (len(parts) + 1))


def test_pointing_at_a_cell_tells_the_same(page: Page) -> None:
    canvas = page.locator("canvas").nth(1)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 78, box["y"] + 78)  # the first query and key, which see themselves alone
    assert page.text_content("#tip [data-weight=head]") == "1.000"
    assert page.text_content("#tip [data-weight=program]") == "1.000"
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    assert page.locator("#tip").is_hidden()


def test_a_query_is_locked_and_unlocked(page: Page) -> None:
    tokens = page.locator(".tokens").first.locator(".token")
    note = page.locator(".reading p")
    tokens.nth(3).click()
    assert "locked" in (note.text_content() or "")
    assert tokens.nth(3).get_attribute("class") == "token query"
    assert "unlock" in (note.text_content() or "")
    tokens.nth(5).hover()  # another token is now a key
    assert tokens.nth(3).get_attribute("class") == "token query"
    page.keyboard.press("Escape")
    assert "locked" not in (note.text_content() or "")
    tokens.nth(3).click()
    tokens.nth(3).click()
    assert "locked" not in (note.text_content() or "")


def test_stepping_through_the_front_changes_source_and_figures(page: Page, run: Run) -> None:
    ranked = run[HEAD].ranked
    page.locator(".step").first.click()
    page.wait_for_function("document.querySelector('.step').getAttribute('aria-current') === 'true'")
    seen = []
    while True:
        rank = int((re.search(r"/(\d+)/", page.url) or [0, 0])[1]) - 1
        assert source_on(page) == ranked[rank].program.source
        assert f"{ranked[rank].scores.iou:.3f}" in (page.text_content(".now") or "")
        assert page.locator(".part").count() == ranked[rank].program.parts
        assert is_what_python_computes(page, run)
        if rank in seen:
            break
        seen.append(rank)
        page.keyboard.press("]")
        page.wait_for_timeout(50)
    assert len(seen) > 1
    assert [ranked[rank].program.literals for rank in seen] == sorted(ranked[rank].program.literals for rank in seen)


def test_another_text_is_chosen(page: Page, run: Run) -> None:
    before = text_on(page)
    page.keyboard.press(".")
    page.wait_for_function(f"document.querySelector('#patterns select').value !== '{before}'")
    assert page.url.endswith(f"text={text_on(page)}")
    tokens = page.locator(".tokens").first.locator(".token").all_text_contents()
    assert [token.replace("␣", " ") for token in tokens] == list(run.patterns(HEAD, text_on(page)).of_head.tokens)
    assert is_what_python_computes(page, run)
    page.go_back()
    page.wait_for_function(f"document.querySelector('#patterns select').value === '{before}'")


def test_a_slider_moves_the_iou_to_what_python_computes(page: Page, run: Run) -> None:
    before = source_on(page), iou_on(page)
    edit(page, before[0].replace("pair):", "pair, extra=0.0):").replace("return", "return extra * pair.offset(1) +", 1))
    page.locator("input[aria-label=extra]").wait_for()
    slider = page.locator("input[aria-label=extra]")
    slider.fill("2")
    assert "extra=2.0" in source_on(page)
    assert iou_on(page) != before[1]
    assert is_what_python_computes(page, run)
    slider.focus()
    slider.press("ArrowLeft")
    assert "extra=1.99" in source_on(page)
    page.click("#source button:has-text('undo all')")
    assert (source_on(page), iou_on(page)) == before


def test_words_and_knots_are_moved(page: Page, run: Run) -> None:
    edit(page, CURVE_AND_WORDS)
    knot = page.locator(".knot").nth(1)
    knot.wait_for()
    knot.press("ArrowUp")
    assert "2: 0.55" in source_on(page)
    assert is_what_python_computes(page, run)
    box = knot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 6, box["y"] + 6)
    page.mouse.down()
    page.mouse.move(box["x"] + 6, box["y"] - 20)
    page.mouse.up()
    moved = re.search(r"2: ([-\d.]+)", source_on(page))
    assert moved and float(moved[1]) > 0.6
    assert is_what_python_computes(page, run)
    page.locator("input[aria-label='“dog”']").fill("-0.5")
    assert '"dog": -0.5' in source_on(page)
    adder = page.locator(".adder")
    adder.fill("ball")
    adder.press("Enter")
    assert '"dog": -0.5, "ball": 0.5' in source_on(page)
    adder.fill("is_short")
    adder.press("Enter")
    assert "is_capitalised=0.5, is_short=0.5" in source_on(page)
    assert is_what_python_computes(page, run)
    page.locator("button[aria-label='remove “dog”']").click()
    page.locator("button[aria-label='remove capitalised']").click()
    assert 'weights(key, {"ball": 0.5}, is_short=0.5)' in source_on(page)
    assert is_what_python_computes(page, run)


def test_a_slider_moves_from_where_it_is_by_a_hundredth(page: Page) -> None:
    edit(page, CURVE_AND_WORDS.replace('"dog": 1.0', '"dog": 1.03'))
    slider = page.locator("input[aria-label='“dog”']")
    slider.wait_for()
    slider.press("ArrowRight")
    assert '"dog": 1.04}' in source_on(page)


def test_words_and_classes_are_suggested_from_the_start(page: Page, run: Run) -> None:
    suggested = page.evaluate("[...document.querySelector('.adder').list.options].map((option) => option.value)")
    assert {"is_comma", run.patterns(HEAD, text_on(page)).of_head.tokens[-1]} <= set(suggested)


def test_pairings_turn_dark_with_the_page(page: Page) -> None:
    words = 'weights(query, {"dog": 1.0}) * weights(key, {"ran": 0.1}, is_comma=1.0)'
    edit(page, f'def attend(query, key, pair):\n    """Words."""\n    return {words}\n')
    page.wait_for_function("document.querySelectorAll('table.pairing .figure').length === 2")
    page.click("h1")
    weakest = "getComputedStyle([...document.querySelectorAll('table.pairing .figure')].at(-1)).backgroundColor"
    light = page.evaluate(weakest)
    page.keyboard.press("t")
    page.wait_for_function(f"{weakest} !== '{light}'")


def test_a_body_is_edited(page: Page, run: Run) -> None:
    edit(page, 'def attend(query, key, pair):\n    """The previous token."""\n    return 3.0 * pair.offset(1)\n')
    page.wait_for_function("document.querySelectorAll('.part').length === 1")
    assert page.text_content(".hypothesis") == "The previous token."
    assert "edited" in (page.text_content(".now") or "")
    assert is_what_python_computes(page, run)


def test_a_wrong_body_is_refused_with_its_line(page: Page) -> None:
    before = iou_on(page)
    edit(page, 'def attend(query, key, pair):\n    """Nothing."""\n    return key.is_nice\n')
    problem = page.locator("#source [role=alert]")
    page.wait_for_function("document.querySelector('#source [role=alert]').textContent !== ''")
    assert re.match(r"line 3: .*is_nice", problem.text_content() or "")
    assert iou_on(page) == before
    page.fill(
        "#source textarea", 'def attend(query, key, pair):\n    """Loops."""\n    for i in range(3):\n        pass\n'
    )
    page.wait_for_function("!document.querySelector('#source [role=alert]').textContent.includes('is_nice')")
    assert "line 3" in (problem.text_content() or "")
    page.click("#source button:has-text('undo all')")
    assert problem.text_content() == ""


def test_an_edited_program_is_saved_as_a_file(page: Page, tmp_path: Path) -> None:
    source = 'def attend(query, key, pair):\n    """The previous token."""\n    return 3.0 * pair.offset(1)\n'
    edit(page, source)
    page.wait_for_function("document.querySelectorAll('.part').length === 1")
    with page.expect_download() as download:
        page.click("#source button:has-text('save as a file')")
    target = tmp_path / "saved.py"
    download.value.save_as(target)
    assert target.read_text() == source
    assert download.value.suggested_filename.startswith(HEAD)
    assert download.value.suggested_filename.endswith(".py")


def test_a_deep_link_opens_its_program_on_its_text(browser: Browser, report: Path, run: Run) -> None:
    number = run.material.splits["test"][1]
    with watched(browser) as page:
        page.goto(f"{report.as_uri()}#{HEAD}/2/text={number}")
        page.wait_for_selector("#patterns canvas")
        assert text_on(page) == number
        assert source_on(page) == run[HEAD].ranked[1].program.source
        page.goto(f"{report.as_uri()}#L7H9")
        page.wait_for_selector("h1:has-text('L7H9')")
        assert "not in this run" in (page.text_content("main") or "")


def test_all_can_be_done_by_keyboard(browser: Browser, report: Path) -> None:
    with watched(browser) as page:
        page.goto(report.as_uri())
        page.wait_for_selector("main h1")
        page.keyboard.press("/")
        page.keyboard.type(HEAD.lower())
        page.keyboard.press("Enter")
        page.wait_for_selector("#patterns canvas")
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.tagName") == "CANVAS":
                break
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        assert "locked" in (page.text_content(".reading p") or "")
        page.keyboard.press("n")
        page.wait_for_function(f"!location.hash.startsWith('#{HEAD}')")
        page.keyboard.press("?")
        assert page.locator("dialog").is_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("t")
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        page.keyboard.press("g")
        page.wait_for_function("location.hash === ''")


def test_the_overview_and_the_library_know_the_head(browser: Browser, report: Path) -> None:
    with watched(browser, viewport={"width": 1300, "height": 900}) as page:
        page.goto(report.as_uri())
        cell = page.locator(f'table.heads a[href="#{HEAD}"]')
        cell.focus()
        assert page.get_by_role("tooltip").inner_text().startswith(HEAD)
        heads = page.evaluate("JSON.parse(document.getElementById('overview').textContent).heads")
        feature = next(own["features"][0] for own in heads if own["head"] == HEAD)
        page.goto(f"{report.as_uri()}#library?search={feature}")
        page.wait_for_selector("table.all")
        shown = page.locator("table.all tbody tr").filter(has=page.get_by_role("link", name=HEAD, exact=True))
        assert feature in shown.inner_text()


def test_markup_in_a_text_and_in_a_program_stays_text(browser: Browser, report: Path, tmp_path: Path) -> None:
    markup = "</script><img src=x onerror=\"document.title='ran'\"><b>"
    held = Unpacked(report.read_text("utf-8"))
    for text in held.texts["texts"].values():
        text["tokens"][1] = markup
    for program in held.heads[HEAD]["programs"]:
        program["hypothesis"] += markup
        program["source"] = f'def attend(query, key, pair):\n    """{markup}"""\n    return pair.offset(1)\n'
    with watched(browser) as page:
        page.goto(f"{rewritten(held, tmp_path, markup)}#{HEAD}")
        page.wait_for_selector("#patterns canvas")
        assert page.locator(".tokens").first.locator(".token").nth(1).text_content() == markup.replace(" ", "␣")
        assert page.text_content(".hypothesis") == markup
        assert markup in source_on(page)
        page.locator(".tokens").first.locator(".token").nth(1).hover()
        page.locator("canvas").first.focus()
        page.keyboard.press("ArrowUp")
        assert page.locator("img").count() == 0
        assert "ran" not in page.title()


def test_a_head_alone_in_a_notebook_is_all_of_its_page(browser: Browser, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "notebook.html"
    path.write_text(f"<!doctype html><meta charset=utf-8>{run[HEAD]._repr_html_()}", "utf-8")
    with watched(browser) as page:
        page.goto(path.as_uri())
        frame = page.frames[1]
        for place in ("", "library", f"{HEAD}/1"):
            frame.wait_for_selector("#patterns canvas")
            assert (frame.text_content("main h1") or "").startswith(HEAD)
            assert frame.locator("#bar a").count() == 0
            frame.evaluate("place => { location.hash = place; }", place)
        frame.locator(".step").first.click()
        frame.wait_for_function("document.querySelector('.step').getAttribute('aria-current') === 'true'")


def test_a_scripted_program_is_shown_as_it_was_computed(browser: Browser, report: Path, tmp_path: Path) -> None:
    held = Unpacked(report.read_text("utf-8"))
    head = held.heads[HEAD]
    first, second = head["texts"][:2]
    own = {"name": "loops", "source": "def loops(query, key, pair): ...", "kind": "scripted", "parts": None}
    head["programs"].append(head["programs"][0] | own | {"stands_in": False})
    for text in head["texts"]:
        text["scripted"] = {"loops": first["pattern"] if text is first else "loops: line 3: ValueError: too long"}
    with watched(browser) as page:
        page.goto(f"{rewritten(held, tmp_path)}#{HEAD}/{len(head['programs'])}/text={first['number']}")
        page.wait_for_selector("#patterns canvas")
        assert page.text_content("#iou-text") == "1.000"
        assert page.locator(".part").count() == 0
        assert "sandbox" in (page.text_content("#parts") or "")
        assert page.locator("#source button:has-text('edit')").is_disabled()
        page.keyboard.press(".")
        page.wait_for_selector(".figures .wrong")
        assert page.url.endswith(f"text={second['number']}")
        assert "line 3: ValueError: too long" in (page.text_content(".figures") or "")


def test_paper_is_light(browser: Browser, report: Path) -> None:
    theme = "document.documentElement.dataset.theme"
    with watched(browser, color_scheme="dark") as page:
        page.goto(f"{report.as_uri()}#{HEAD}")
        page.wait_for_selector("#patterns canvas")
        page.evaluate(f"window.addEventListener('beforeprint', () => {{ window.printed = {theme}; }})")
        page.pdf()
        assert page.evaluate("window.printed") == "light"
        page.wait_for_function(f"{theme} === 'dark'")


def test_a_long_text_is_drawn_at_any_size(modules: Page) -> None:
    drawn = modules.evaluate("""async () => {
      const { Heatmap } = await import("report/heatmap.js");
      const map = new Heatmap("long", { hover() {}, pick() {} });
      const cells = 1024 ** 2;
      map.show(Array(1024).fill("token"), new Float32Array(cells), new Uint8Array(cells).fill(1), () => [1, 2, 3], 22);
      map.draw();
      const middle = Math.round(map.canvas.width / 2);
      return [...map.canvas.getContext("2d").getImageData(middle, middle, 1, 1).data];
    }""")
    assert drawn == [1, 2, 3, 255]
