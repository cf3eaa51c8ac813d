"""A browser for the tests that open reports."""

import os

import pytest
from chromium import Page, find_chromium


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    program = find_chromium()
    if program is None:
        assert not os.environ.get("KERASBERT_REQUIRE_BROWSER"), "no Chromium is installed"
        pytest.skip("no Chromium is installed: the reports were not opened in a browser")
    page = Page(program, tmp_path_factory.mktemp("profile"))
    yield page
    page.close()
