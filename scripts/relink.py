"""Point the links of docs/ and CONTRIBUTING.md at the lines their definitions have today.

    python scripts/relink.py

A link is `[src/vaelab/model/terms.py: Terms.elbo](../src/vaelab/model/terms.py#L1)`; tests/docs says which are stale.
"""

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.docs.test_walk import TEXTS, line_of  # noqa: E402

LINK = re.compile(r"\[(\S+\.py): ([\w.]+)\]\(([^)#]+)#L\d+\)")


def today(match: re.Match[str]) -> str:
    path, name, target = match.groups()
    line = line_of(ast.parse((ROOT / path).read_text()), name)
    return f"[{path}: {name}]({target}#L{line})" if line is not None else match[0]


for text in TEXTS:
    text.write_text(LINK.sub(today, text.read_text()))
