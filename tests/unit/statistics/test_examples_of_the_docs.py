import doctest

from support.project import ROOT


def test_the_examples_give_what_the_page_shows():
    found = doctest.testfile(str(ROOT / "docs/statistics.md"), module_relative=False)
    assert found.attempted > 10
    assert not found.failed
