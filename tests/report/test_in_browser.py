"""The reports in a real browser. Without one these tests are skipped, unless
KERASBERT_REQUIRE_BROWSER is set, as .ci/run does."""

import pytest
import report_data

from kerasbert.report import comparison_report, pretrain_report

HISTORY = [
    {"step": n * 100, "loss": 9 / n, "val_loss": 7 - n / 9, "val_loss_masked_lm": 7 - n / 9}
    | {"unigram_loss_masked_lm": 6.5}
    for n in (1, 2, 3)
]


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    report_data.write_report(folder / "finetune.html", **report_data.ALL)
    config = report_data.CONFIG | {"settings": {"tasks": ["masked-lm"], "out": "x" * 300}}
    objectives = {"masked_lm": report_data.OBJECTIVES["masked_lm"]}
    pretrain_report(
        folder / "pretrain.html", "lm" * 80, HISTORY, {"tokens": 3848477}, config, objectives
    )
    comparison_report(folder / "compare.html", "cmp", report_data.comparison(), config)
    return folder


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("name", ["finetune", "pretrain", "compare"])
def test_the_page_fits_its_window_and_is_silent(browser, reports, name, width):
    browser.problems.clear()
    browser.open(reports / f"{name}.html", width)
    for details in ("", "document.querySelectorAll('details').forEach(d => d.open = true);"):
        browser.evaluate(details + "0")
        assert browser.evaluate("window.innerWidth") == width
        assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.problems == []
    titles = {"finetune": "tags", "pretrain": "lm" * 80, "compare": "cmp"}
    assert browser.evaluate("document.title") == titles[name]


def column(browser, number):
    cells = f"#labels tbody tr td:nth-child({number})"
    return browser.evaluate(f"[...document.querySelectorAll('{cells}')].map(c => c.textContent)")


def test_a_click_sorts_the_table(browser, reports):
    browser.problems.clear()
    browser.open(reports / "finetune.html", 1280)
    f1 = sorted((f"{row['valid_f1']:.3f}" for row in report_data.LABELS), reverse=True)
    assert column(browser, 2) != f1
    browser.click("#labels th:nth-child(2) button")
    assert column(browser, 2) == f1
    browser.click("#labels th:nth-child(2) button")
    assert column(browser, 2) == f1[::-1]
    browser.click("#labels th:nth-child(6) button")  # whole numbers: 9 after 10
    assert column(browser, 6)[:32:31] == ["39", "8"]
    browser.click("#labels th:first-child button")
    names = column(browser, 1)
    assert names.index("label-1") < names.index("label-2") and len(names) == 40
    sort = "document.querySelector('#labels th').getAttribute('aria-sort')"
    assert browser.evaluate(sort) == "ascending"
    assert browser.problems == []


def test_light_and_dark_differ(browser, reports):
    colors = []
    for dark in (False, True):
        browser.open(reports / "finetune.html", 1280, dark)
        colors.append(browser.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert colors == ["rgb(251, 251, 249)", "rgb(20, 24, 27)"]


def test_a_script_in_the_data_would_not_run_even_unescaped(browser, reports, tmp_path):
    page = (reports / "finetune.html").read_text()
    (tmp_path / "broken.html").write_text(page.replace("<h2>", report_data.EVIL + "<h2>", 1))
    browser.open(tmp_path / "broken.html", 1280)
    assert browser.evaluate("document.title") == "tags"
    assert browser.problems  # the browser tells of the script that it refused
