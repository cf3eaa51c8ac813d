"""The report as an error browser, clicked through in Chromium; skipped as in test_in_browser.py."""

import pytest
import report_data


@pytest.fixture
def page(browser, tmp_path_factory):
    file = tmp_path_factory.getbasetemp() / "browsed.html"
    if not file.exists():
        documents = report_data.BROWSED
        report_data.write_report(file, **report_data.ALL | {"documents": documents})
    browser.problems.clear()
    browser.open(file, 1280)
    yield browser
    assert browser.problems == [] and browser.evaluate("document.title") == "tags"


def shown(page):
    """The numbers of the documents that are to be seen."""
    docs = "[...document.querySelectorAll('.doc')].map((d, i) => d.offsetParent ? i : -1)"
    return page.evaluate(f"{docs}.filter(i => i >= 0)")


def choose(page, **fields):
    """Fill in fields as people do: by the text of an option, or by typing."""
    for name, text in fields.items():
        page.evaluate(
            f"(() => {{ const e = document.querySelector('.browser [name={name}]');"
            f"const found = e.options && [...e.options].find(o => o.text.startsWith({text!r}));"
            f"e.value = found ? found.value : {text!r};"
            "e.dispatchEvent(new Event('input', {bubbles: true})); })()"
        )


def test_search_finds_documents_with_all_words(page):
    assert shown(page) == [0, 1, 2, 3, 4, 5]
    choose(page, words="CATS")
    assert shown(page) == [0, 1]
    assert page.evaluate("document.querySelector('output').textContent") == "2 of 6 documents"
    choose(page, words="dogs  cats")
    assert shown(page) == [1]
    choose(page, words="id-7")
    assert shown(page) == [1]
    page.click(".browser [type=reset]")
    assert len(shown(page)) == 6


def test_documents_are_filtered_by_label_and_by_kind_of_error(page):
    choose(page, label="label-1")  # expected or predicted
    assert shown(page) == [0, 1, 2, 5]
    choose(page, kind="missed")
    assert shown(page) == [1]
    choose(page, kind="invented")
    assert shown(page) == [2, 5]
    choose(page, kind="right")
    assert shown(page) == [0]
    choose(page, label="any", kind="no mistake")
    assert shown(page) == [0]
    assert not page.evaluate("document.querySelector('[name=other]').offsetParent")
    choose(page, kind="confused with")
    assert shown(page) == [1, 3] and page.evaluate(
        "!!document.querySelector('[name=other]').offsetParent"
    )
    choose(page, label="never-seen", other="label-2")
    assert shown(page) == [3]
    choose(page, other="label-1")
    assert shown(page) == []


def test_a_cell_of_the_matrix_shows_its_documents(page):
    page.click(".matrix tbody tr:nth-child(2) td:nth-child(4) button")  # label-1 as label-2
    assert shown(page) == [1]
    assert page.evaluate("document.querySelectorAll('.matrix button').length") == 2


def test_a_document_opens_with_its_whole_text(page):
    text = "document.querySelectorAll('.doc')[1].querySelector('.text')"
    assert not page.evaluate(f"{text}.checkVisibility()")
    page.click(".doc:nth-of-type(2) summary")
    assert page.evaluate(f"{text}.checkVisibility()")
    assert page.evaluate(f"{text}.innerText") == "wild CATS and dogs"
    place = page.evaluate("document.querySelectorAll('.doc')[1].querySelector('.note').innerText")
    assert "id-7" in place and "line 21" in place
    fonts = page.evaluate(
        f"[getComputedStyle({text}).fontFamily, getComputedStyle(document.body).fontFamily]"
    )
    assert fonts[0] == fonts[1]


def test_the_slider_moves_through_the_curve(page):
    figures = (
        "Object.fromEntries([...document.querySelectorAll('[data-figure]')]"
        ".map(e => [e.dataset.figure, e.textContent]))"
    )
    begun = {"threshold": "0.500", "precision": "0.667", "recall": "0.500", "f1": "0.571"}
    begun |= {"hits": "2", "invented": "1", "missed": "2", "left": "15"}
    assert page.evaluate(figures) == begun
    slide = (
        "e = document.querySelector('[name=point]'); e.value = {};"
        "e.dispatchEvent(new Event('input'))"
    )
    page.evaluate(slide.format(2))
    assert page.evaluate(figures)["precision"] == "0.333"
    assert page.evaluate(figures)["recall"] == "1.000"
    at = "Number(document.querySelector('.explorer circle').getAttribute('cx'))"
    low = page.evaluate(at)
    page.evaluate(slide.format(0))
    assert page.evaluate(at) < low and page.evaluate(figures)["recall"] == "0.250"
    page.evaluate(
        "e = document.querySelector('.explorer select'); e.selectedIndex = 1;"
        "e.dispatchEvent(new Event('input'))"
    )
    found = page.evaluate(figures)
    assert found["threshold"] == "0.800" and found["precision"] == "0.000" and found["left"] == "7"


def test_of_many_documents_some_are_shown_until_more_are_asked_for(browser, tmp_path):
    many = [report_data.BROWSED[0] | {"line": n} for n in range(310)]
    report_data.write_report(tmp_path / "many.html", **report_data.ALL | {"documents": many})
    browser.open(tmp_path / "many.html", 1280)
    assert len(shown(browser)) == 20
    browser.click(".more button")
    assert len(shown(browser)) == 40
    assert browser.evaluate("document.querySelectorAll('.doc').length") == 300  # no more


def test_without_scripts_all_documents_are_there(page):
    page.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        page.send("Page.reload")
        while page._receive().get("method") != "Page.loadEventFired":
            pass
        assert len(shown(page)) == 6
        assert not page.evaluate("document.querySelector('.browser form').offsetParent")
        name = "document.querySelector('.explorer .name').innerText"
        assert page.evaluate(name) == "(all)"
    finally:
        page.send("Emulation.setScriptExecutionDisabled", value=False)
