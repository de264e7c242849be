"""The equations of docs/ become MathML that is well formed and says the same."""

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from mathml import mathml  # noqa: E402

EQUATION = re.compile(r"^\$\$\n(.*?)^\$\$$", re.MULTILINE | re.DOTALL)
TEXTS = sorted((ROOT / "docs").rglob("*.md"))


def inner(tex: str) -> str:
    """What stands inside the outer row."""
    return mathml(tex).split("<mrow>", 1)[1].rsplit("</mrow></math>", 1)[0]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: str(text.relative_to(ROOT)))
def test_every_equation_is_well_formed(text: Path) -> None:
    for tex in EQUATION.findall(text.read_text()):
        shown = "".join(ElementTree.fromstring(mathml(tex)).itertext())
        assert "\\" not in shown and "{" not in shown
        # as many letters x as the TeX has outside of commands, the tag aside
        letters = re.sub(r"\\[a-zA-Z]+|tag\{\d+\}", " ", tex)
        assert shown.count("x") == letters.count("x")


def test_the_walk_has_equations() -> None:
    assert len(EQUATION.findall((ROOT / "docs" / "walk.md").read_text())) >= 21


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        ("x", "<mi>x</mi>"),
        ("12.5", "<mn>12.5</mn>"),
        ("x^2", "<msup><mi>x</mi><mrow><mn>2</mn></mrow></msup>"),
        ("x_i^2", "<msubsup><mi>x</mi><mrow><mi>i</mi></mrow><mrow><mn>2</mn></mrow></msubsup>"),
        ("x^2_i", "<msubsup><mi>x</mi><mrow><mi>i</mi></mrow><mrow><mn>2</mn></mrow></msubsup>"),
        ("\\frac{1}{z}", "<mfrac><mrow><mn>1</mn></mrow><mrow><mi>z</mi></mrow></mfrac>"),
        ("\\sigma", "<mi>σ</mi>"),
        ("p_{prior}", "<msub><mi>p</mi><mrow><mi>prior</mi></mrow></msub>"),
        ("\\prod_{i}", "<munder><mo>∏</mo><mrow><mrow><mi>i</mi></mrow></mrow></munder>"),
        ("a - b", "<mi>a</mi><mo>−</mo><mi>b</mi>"),
        ("a < b", "<mi>a</mi><mo>&lt;</mo><mi>b</mi>"),
    ],
)
def test_the_parts(tex: str, expected: str) -> None:
    assert inner(tex) == expected


def test_rows_and_the_number() -> None:
    html = mathml("\\begin{aligned}\na &= b \\\\\n&= c\n\\end{aligned}\n\\tag{4}\n")
    root = ElementTree.fromstring(html)
    rows = ["".join(row.itertext()) for row in root.iter("mtr")]
    assert rows == ["a=b", "=c"]
    assert [cell.get("style") for cell in root.iter("mtd")] == ["text-align:right", "text-align:left"] * 2
    assert html.endswith('<span class="number">(4)</span></div>')


@pytest.mark.parametrize("tex", ["\\unheard", "{x", "\\begin{aligned} x", "\\frac 1 2"])
def test_what_is_not_known_is_refused(tex: str) -> None:
    with pytest.raises(ValueError, match=r"unheard|closed|no end|expected"):
        mathml(tex)
