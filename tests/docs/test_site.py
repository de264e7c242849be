"""The site builds, every link of it leads somewhere, and it asks no other host for anything."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.report.chromium import WHERE, browser, complaints, requests

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from check_links import faults  # noqa: E402


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("material", reason="pip install 'vaelab[docs]'")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_link_leads_somewhere_and_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    found = faults(site)
    assert not found, "\n".join(found)


def test_every_text_is_a_page(site: Path) -> None:
    for text in (ROOT / "docs").rglob("*.md"):
        name = text.relative_to(ROOT / "docs").with_suffix(".html")
        assert (site / name).exists() or (site / name.with_name("index.html")).exists()
    assert (site / "contributing.html").exists()


def test_a_line_that_the_walk_names_is_that_line_of_the_listing(site: Path) -> None:
    walk = (site / "walk.html").read_text()
    links = re.findall(r'href="(source/src/vaelab/model/terms\.py\.html)#L(\d+)">[^<]*: Terms\.elbo<', walk)
    assert links
    for page, number in links:
        line = re.search(rf'id="L{number}".*?</span>\n', (site / page).read_text())
        assert line and "elbo" in line[0]


def test_equations_are_drawn_without_a_script(site: Path) -> None:
    walk = (site / "walk.html").read_text()
    assert walk.count("<math ") >= 21 and "\\frac" not in walk


def test_a_figure_opens_by_itself(site: Path) -> None:
    assert re.search(r'<a href="\.\./figures/codes\.png"><img ', (site / "gallery" / "autoencoder.html").read_text())


@pytest.mark.skipif(None in WHERE.values(), reason="no chromium")
def test_a_browser_asks_no_other_host(site: Path, tmp_path: Path) -> None:
    pytest.importorskip("selenium", reason="no selenium")
    with browser(tmp_path) as driver:
        driver.get("about:blank")
        requests(driver)
        for page in ("index.html", "walk.html", "gallery/collapse.html"):
            driver.get((site / page).as_uri())
            asked = requests(driver)
            assert asked and all(address.startswith(("file:", "data:", "blob:")) for address in asked), asked
            assert not complaints(driver)


GOOD = '<a id="top" href="b.html#x">b</a><img src="c.png"><a href="https://example.org/">away</a>'


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        (GOOD, ""),
        ('<a href="gone.html">x</a>', "a.html: gone.html leads to no file"),
        ('<a href="b.html#gone">x</a>', "a.html: b.html#gone leads to no anchor"),
        ('<a href="#gone">x</a>', "a.html: #gone leads to no anchor"),
        ('<img src="d.png">', "a.html: d.png leads to no file"),
        ('<script src="https://example.org/x.js"></script>', "would be loaded from another host"),
        ('<link rel="stylesheet" href="//example.org/x.css">', "would be loaded from another host"),
    ],
)
def test_a_link_that_leads_nowhere_is_told(tmp_path: Path, page: str, fault: str) -> None:
    (tmp_path / "a.html").write_text(page)
    (tmp_path / "b.html").write_text('<p id="x">')
    (tmp_path / "c.png").write_bytes(b"")
    found = faults(tmp_path)
    assert (fault in found[0] and len(found) == 1) if fault else not found
