"""The texts hold: every link has its file, every named line its definition, and the walk every equation.

A link to a line names what stands there, `[src/vaelab/model/terms.py: Terms.elbo](../src/vaelab/model/terms.py#L95)`,
so that a line that has moved is told with the line it has moved to.
"""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXTS = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("README.md"), *ROOT.glob("CONTRIBUTING.md")])
EQUATIONS = 21  # of the text that docs/walk.md follows

# what only looks like a link: code and formulas
NO_TEXT = re.compile(r"^```.*?^```|^\$\$.*?\$\$$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[([^]]*)\]\(([^)\s]+)\)")
NAMED = re.compile(r"(\S+\.py): ([\w.]+)")


def faults_of(text: Path, root: Path = ROOT) -> list[str]:
    """What is wrong with the links of a text, one line each, with the place and the right line."""
    prose = NO_TEXT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text.read_text())
    faults = []
    for link in LINK.finditer(prose):
        label, target = link.groups()
        if not re.match(r"\w+:", target):
            where = f"{text.relative_to(root)}:{prose.count(chr(10), 0, link.start()) + 1}"
            faults += [f"{where}: {fault}" for fault in _faults(text, label, target, root)]
    return faults


def _faults(text: Path, label: str, target: str, root: Path) -> list[str]:
    path, _, anchor = target.partition("#")
    file, named = (text.parent / path).resolve() if path else text, NAMED.fullmatch(label)
    if not file.exists():
        return [f"{target} does not exist"]
    if file.suffix == ".md" and anchor:
        return [] if anchor in _headings(file) else [f"{target} leads to no heading"]
    if named is None:
        return [f"{target} points at a line: say what stands there, [path: name]"] if anchor else []
    if file != (root / named[1]).resolve():
        return [f"[{label}] points at another file, {target}"]
    line = line_of(ast.parse(file.read_text()), named[2])
    if line is None:
        return [f"{named[1]} has no {named[2]}"]
    return [] if anchor == f"L{line}" else [f"{named[2]} is at line {line} of {named[1]}, not at {anchor or 'none'}"]


def _headings(text: Path) -> list[str]:
    """The anchors that GitHub gives the headings of a text."""
    prose = re.sub(r"^```.*?^```", "", text.read_text(), flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ +(.+?) *$", prose, re.MULTILINE)
    return [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles]


def line_of(tree: ast.Module, name: str) -> int | None:
    """The line of `def`, `class` or the assignment of a dotted name, below its decorators; None without one."""
    node: ast.AST = tree
    for part in name.split("."):
        found = [child for child in getattr(node, "body", []) if part in _names(child)]
        if not found:
            return None
        node = found[0]
    return node.lineno  # type: ignore[attr-defined]


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: str(text.relative_to(ROOT)))
def test_every_link_leads_where_it_says(text: Path) -> None:
    faults = faults_of(text)
    assert not faults, "\n" + "\n".join(faults)


def test_the_walk_has_every_equation_once_and_in_order() -> None:
    tags = re.findall(r"\\tag\{(\d+)\}", (ROOT / "docs" / "walk.md").read_text())
    assert tags == [str(n) for n in range(1, EQUATIONS + 1)]


def test_every_text_of_docs_is_in_its_index() -> None:
    for folder in ("docs", "docs/gallery"):
        index = (ROOT / folder / "README.md").read_text()
        for text in (ROOT / folder).glob("*.md"):
            assert text.name == "README.md" or f"({text.name})" in index


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        ("[code.py: f](../code.py#L3)", ""),
        ("[code.py: A.b](../code.py#L8)", ""),
        ("[code.py: A.c](../code.py#L5)", ""),
        ("[a file](../code.py), `[code](gone.py)`, [the web](https://example.org/gone)", ""),
        ("[code.py: f](../code.py#L4)", "docs/x.md:3: f is at line 3 of code.py, not at L4"),
        ("[code.py: A.b](../code.py)", "docs/x.md:3: A.b is at line 8 of code.py, not at none"),
        ("[code.py: A.d](../code.py#L8)", "docs/x.md:3: code.py has no A.d"),
        ("[code.py: f](../docs#L3)", "docs/x.md:3: [code.py: f] points at another file, ../docs#L3"),
        ("[above](#a-title-2), [again](x.md#a-title-2)", ""),
        ("[above](#a-title)", "docs/x.md:3: #a-title leads to no heading"),
        ("[a line](../code.py#L3)", "docs/x.md:3: ../code.py#L3 points at a line: say what stands there, [path: name]"),
        ("[a file](gone.py)", "docs/x.md:3: gone.py does not exist"),
    ],
)
def test_a_link_that_is_wrong_is_told_with_the_right_line(tmp_path: Path, link: str, fault: str) -> None:
    (tmp_path / "code.py").write_text(
        "import x\n@x\ndef f(): ...\nclass A:\n    c: int = 0\n\n    @x\n    def b(self): ...\n"
    )
    text = tmp_path / "docs" / "x.md"
    text.parent.mkdir()
    text.write_text(f"# A title: 2\n$$ [f](g) $$\n{link}\n")
    assert faults_of(text, tmp_path) == ([fault] if fault else [])
