"""What `mkdocs build` does beyond the texts of docs/: equations as MathML, and pages for what they link to outside.

A text links to `../src/vaelab/x.py#L33`, which a code host shows. Here each such file becomes a page of its own, its
lines numbered, so that the site can be read without the repository and without a network.
"""

import os
import posixpath
import re
import sys
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_for_filename
from pygments.util import ClassNotFound

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from mathml import mathml  # noqa: E402

Change = Callable[[re.Match[str]], str]

DOCS = "docs/"
# texts outside docs/ that are pages too
TEXTS = {"CONTRIBUTING.md": "contributing.md", "README.md": "the-readme.md", "CHANGELOG.md": "changelog.md"}
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(\]\()([^)\s]+)(\))")
FIGURE = re.compile(r"^!\[[^]]*\]\(([^)\s]+)\)", re.MULTILINE)
EQUATION = re.compile(r"^\$\$\n(.*?)^\$\$$", re.MULTILINE | re.DOTALL)
UNSEARCHED = "---\nsearch:\n  exclude: true\nhide: [navigation, toc]\n---\n"


def page_of(path: str) -> str:
    """The page that shows a file of the repository."""
    if path.startswith(DOCS):
        return path.removeprefix(DOCS)
    return TEXTS.get(path) or f"source/{path}.md"


def outside(code: re.Pattern[str], pattern: re.Pattern[str], change: Change, text: str) -> str:
    """Change what a pattern finds, but not in code."""
    pieces, end = [], 0
    for block in code.finditer(text):
        pieces += [pattern.sub(change, text[end : block.start()]), block[0]]
        end = block.end()
    return "".join([*pieces, pattern.sub(change, text[end:])])


def target_of(source: str, target: str) -> str | None:
    """The file of the repository that a link of a text means; None for one to the web or to a heading of the text."""
    if re.match(r"\w+:", target) or target.startswith("#"):
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), target.partition("#")[0]))


def links_of(source: str) -> set[str]:
    found: set[str] = set()

    def note(match: re.Match[str]) -> str:
        path = target_of(source, match[2])
        if path is not None:
            found.add(path)
        return match[0]

    outside(CODE, LINK, note, (ROOT / source).read_text())
    return found


def on_files(files: Files, config: Any) -> Files:
    source_of.clear()
    texts = [DOCS + file.src_uri for file in files.documentation_pages()] + list(TEXTS)
    for file in files.documentation_pages():
        source_of[file.src_uri] = DOCS + file.src_uri
    for path in sorted({*TEXTS, *(path for text in texts for path in links_of(text))}):
        if path.startswith(DOCS):
            continue
        if not (ROOT / path).is_file():
            raise PluginError(f"a text links to {path}, which is no file")
        content = (ROOT / path).read_text()
        text = content if path in TEXTS else f"{UNSEARCHED}# {Path(path).name}\n\n`{path}`\n\n{_listing(path, content)}"
        files.append(File.generated(config, page_of(path), content=text))
        source_of[page_of(path)] = path
    return files


source_of: dict[str, str] = {}  # of each page: the file of the repository that it was made from


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    source = source_of[page.file.src_uri]
    if page.file.src_uri.startswith("source/"):
        return markdown
    here = posixpath.dirname(page.file.src_uri)

    def relink(match: re.Match[str]) -> str:
        path = target_of(source, match[2])
        if path is None:
            return match[0]
        anchor = match[2].partition("#")[2]
        return f"{match[1]}{os.path.relpath(page_of(path), here or '.')}{'#' + anchor if anchor else ''}{match[3]}"

    markdown = outside(CODE, LINK, relink, markdown)
    # a figure is opened by itself, where a narrow page shows it small
    markdown = outside(FENCE, FIGURE, lambda match: f"[{match[0]}]({match[1]})", markdown)
    return outside(FENCE, EQUATION, lambda match: f"\n{mathml(match[1])}\n", markdown)


def _listing(path: str, content: str) -> str:
    """The file with its lines as #L1, #L2, …"""
    try:
        lexer = get_lexer_for_filename(path)
    except ClassNotFound:
        lexer = TextLexer()
    lines = highlight(content, lexer, HtmlFormatter(nowrap=True)).rstrip("\n").split("\n")
    numbered = "\n".join(
        f'<span id="L{i}" class="line"><a href="#L{i}">{i:4}</a>  {line}</span>'
        for i, line in enumerate(lines, start=1)
    )
    return f'<div class="highlight listing" title="{escape(path)}"><pre><code>{numbered}\n</code></pre></div>\n'
