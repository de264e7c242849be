"""The pages in a real browser: drawn, quiet, sorted, hovered, in light and dark, on a phone, on paper."""

from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.report import chromium, folders
from vaelab.report import write_report

pytest.importorskip("selenium", reason="selenium is not installed: no browser can be driven")
pytestmark = pytest.mark.skipif(
    not all(chromium.WHERE.values()), reason="there is no chromium with its chromedriver on the path"
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("browser")
    return {
        "run": write_report(folders.run(folder / "run")),
        "sweep": write_report(folders.sweep(folder / "sweep")),
    }


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with chromium.browser(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


DRAWN = """
return [...document.querySelectorAll(".plot")].map((plot) => {
  const boxes = [...plot.querySelectorAll("svg.main-svg, canvas")].map((e) => e.getBoundingClientRect());
  return [plot.id, Math.max(0, ...boxes.map((b) => b.width * b.height)), plot.dataset.drawn];
})
"""


@pytest.mark.parametrize("name", ["run", "sweep"])
def test_every_figure_is_drawn_without_a_complaint_or_a_request(pages: dict[str, Path], driver: Any, name: str) -> None:
    chromium.show(driver, pages[name])
    drawn = driver.execute_script(DRAWN)
    assert len(drawn) >= {"run": 15, "sweep": 6}[name]
    for plot, area, done in drawn:
        assert area > 10_000 and done == "yes", plot
    assert chromium.complaints(driver) == []
    asked = [url for url in chromium.requests(driver) if not url.startswith(("data:", "blob:"))]
    assert asked == [pages[name].resolve().as_uri()]
    sizes = driver.execute_script("return [...document.images].map((image) => image.naturalWidth)")
    assert all(size > 0 for size in sizes)


@pytest.mark.parametrize("name", ["run", "sweep"])
def test_a_phone_scrolls_down_and_never_sideways(pages: dict[str, Path], driver: Any, name: str) -> None:
    chromium.show(driver, pages[name], width=390, height=800)
    assert driver.execute_script("return document.documentElement.scrollWidth") == 390
    for plot, area, _ in driver.execute_script(DRAWN):
        assert area > 10_000, plot
    assert chromium.complaints(driver) == []


def test_on_a_phone_the_cells_of_a_cause_stand_below_each_other(pages: dict[str, Path], driver: Any) -> None:
    boxes = """return [...document.querySelector(".stacked tbody tr").cells].map((cell) => {
      const box = cell.getBoundingClientRect();
      return [box.left, box.top, box.width, getComputedStyle(cell, "::before").content];
    })"""
    chromium.show(driver, pages["run"], width=420, height=800)
    cells = driver.execute_script(boxes)
    assert len({left for left, *_ in cells}) == 1 and all(width > 300 for _, _, width, _ in cells)
    assert len({top for _, top, *_ in cells}) == 4 and "evidence" in cells[2][3]
    chromium.show(driver, pages["run"])
    assert len({top for _, top, *_ in driver.execute_script(boxes)}) == 1


def test_a_heading_sorts_its_column_up_and_down_with_the_missing_last(pages: dict[str, Path], driver: Any) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    chromium.show(driver, pages["sweep"])
    heads = driver.find_elements(By.CSS_SELECTOR, ".sortable thead th")
    place = [head.text for head in heads].index("elbo")
    button = heads[place].find_element(By.TAG_NAME, "button")

    def column() -> list[str]:
        script = "return [...document.querySelectorAll('.sortable tbody tr')]"
        script += ".map((row) => row.cells[arguments[0]].dataset.value)"
        return list(driver.execute_script(script, place))

    before = column()
    button.send_keys(Keys.ENTER)
    assert heads[place].get_attribute("aria-sort") == "ascending"
    known = sorted(float(value) for value in before if value)
    assert [float(value) for value in column()[:-1]] == known and column()[-1] == ""
    button.click()
    assert heads[place].get_attribute("aria-sort") == "descending"
    assert [float(value) for value in column()[:-1]] == known[::-1] and column()[-1] == ""
    heads[0].find_element(By.TAG_NAME, "button").click()
    assert heads[place].get_attribute("aria-sort") == "none", "one column sorts at a time"


def test_a_figure_answers_to_the_mouse_and_to_the_arrow_keys(pages: dict[str, Path], driver: Any) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import WebDriverWait

    chromium.show(driver, pages["run"])
    plot = driver.find_element(By.ID, "plot-parts")
    driver.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", plot)
    label = "return document.querySelector('#plot-parts .hoverlayer').textContent"
    bar = plot.find_element(By.CSS_SELECTOR, ".bars .point path")

    def hovered(d: Any) -> bool:
        # a hand that moves: plotly takes a moment between two looks at the mouse
        ActionChains(d).move_to_element(bar).move_by_offset(3, 2).perform()
        return "z1 information: 6.3" in d.execute_script(label)

    WebDriverWait(driver, 20).until(hovered)
    ActionChains(driver).move_to_element(driver.find_element(By.TAG_NAME, "nav")).perform()
    WebDriverWait(driver, 20).until(lambda d: d.execute_script(label) == "")
    for _ in range(3):
        plot.send_keys(Keys.ARROW_RIGHT)
    WebDriverWait(driver, 10).until(lambda d: "z1 marginal KL: 1.5" in d.execute_script(label))
    assert "z1 marginal KL" in driver.execute_script("return document.getElementById('heard').textContent")


def test_the_theme_changes_page_and_figures_and_is_kept(pages: dict[str, Path], driver: Any) -> None:
    from selenium.webdriver.common.by import By

    seen = """
        const text = document.querySelector("#plot-elbo .xtick text");
        return [getComputedStyle(document.body).backgroundColor, getComputedStyle(text).fill]
    """
    chromium.show(driver, pages["run"])
    driver.execute_script("localStorage.clear()")
    light = driver.execute_script(seen)
    driver.find_element(By.ID, "theme").click()
    driver.execute_async_script("setTimeout(arguments[0], 500)")
    dark = driver.execute_script(seen)
    assert light[0] == "rgb(255, 255, 255)" and dark[0] != light[0] and dark[1] != light[1]
    chromium.show(driver, pages["run"])
    assert driver.execute_script(seen) == dark, "the choice is kept against the system's"
    driver.execute_script("localStorage.clear()")
    chromium.show(driver, pages["run"], dark=True)
    assert driver.execute_script(seen) == dark, "else the system's is taken"
    assert driver.find_element(By.ID, "theme").get_attribute("aria-pressed") == "true"


CONTRAST = """
const luminance = (code) => {
  const [r, g, b] = code.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = luminance(getComputedStyle(document.body).backgroundColor);
const texts = "p, figcaption, h1, h2, h3, td, th, a, summary, .xtick text, .ytick text, .legendtext";
return [...document.querySelectorAll(texts)]
  .filter((e) => e.checkVisibility()).map((e) => {
    const style = getComputedStyle(e);
    const [high, low] = [luminance(e instanceof SVGElement ? style.fill : style.color), ground].sort((a, b) => b - a);
    return [(high + 0.05) / (low + 0.05), e.textContent.slice(0, 40)];
  }).sort((a, b) => a[0] - b[0])[0]
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_stands_out_from_its_page(pages: dict[str, Path], driver: Any, dark: bool) -> None:
    """4.5:1, WCAG 1.4.3; the least of all texts of the page and of its axes."""
    chromium.show(driver, pages["run"], dark=dark)
    ratio, words = driver.execute_script(CONTRAST)
    assert ratio >= 4.5, words


def test_paper_is_light_and_no_figure_is_cut(pages: dict[str, Path], driver: Any) -> None:
    chromium.show(driver, pages["run"], dark=True)
    note = "addEventListener('beforeprint', () => { window.printed = document.documentElement.dataset.theme })"
    driver.execute_script(note)
    pdf = b64decode(driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"])
    assert pdf.startswith(b"%PDF") and len(pdf) > 100_000
    assert driver.execute_script("return window.printed") == "light"
    assert driver.execute_script("return document.documentElement.dataset.theme") == "dark", "and dark again after"
    rules = {"print": "none", "screen": "sticky"}
    for media, expected in rules.items():
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media})
        nav = "const s = getComputedStyle(document.querySelector('nav'));"
        nav += "return s.display === 'none' ? 'none' : s.position"
        assert driver.execute_script(nav) == expected
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    script = "return [...document.querySelectorAll('figure')].map((f) => getComputedStyle(f).breakInside)"
    assert set(driver.execute_script(script)) == {"avoid"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_the_first_tab_skips_to_the_content(pages: dict[str, Path], driver: Any) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    chromium.show(driver, pages["run"])
    driver.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    assert driver.switch_to.active_element.get_attribute("class") == "skip"
    driver.switch_to.active_element.send_keys(Keys.ENTER)
    assert driver.switch_to.active_element.get_attribute("id") == "main"
