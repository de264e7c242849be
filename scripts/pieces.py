"""Write the README's table of pieces from the first line of every file in conf/.

python scripts/pieces.py            put it between the README's markers
python scripts/pieces.py --check    say whether it is current, and write nothing
"""

import re
import sys
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONF, README = ROOT / "conf", ROOT / "README.md"
BEGIN, END = "<!-- pieces: begin -->", "<!-- pieces: end -->"


def groups() -> Iterator[Path]:
    """The groups in the order of train.yaml, each with its sub-groups after it, then those that train.yaml lacks."""
    named = [
        line.split(":")[0].strip(" -") for line in (CONF / "train.yaml").read_text().splitlines() if "  - " in line
    ]
    order = {name: i for i, name in enumerate(named)}
    folders = [folder for folder in CONF.rglob("*/") if folder.is_dir() and list(folder.glob("*.yaml"))]
    wanted = [folder for folder in folders if folder.relative_to(CONF).parts[0] != "hydra" or folder.name == "launcher"]
    return iter(sorted(wanted, key=lambda f: (order.get(f.relative_to(CONF).parts[0], len(order)), str(f))))


def about(file: Path) -> str:
    """The sentence a file begins with; of an experiment, its claim."""
    comment = [line.removeprefix("#").strip() for line in takewhile(lambda line: line.startswith("#"), lines_of(file))]
    comment = [line for line in comment if line != "@package _global_"]
    start = next((i for i, line in enumerate(comment) if line.startswith("Claim:")), 0)
    text = " ".join(takewhile(lambda line: not line.startswith(("Data:", "Expected:", "Search:")), comment[start:]))
    return re.split(r"\. (?=[A-Zz`])", text.removeprefix("Claim:").strip())[0].rstrip(".").replace("|", "\\|")


def lines_of(file: Path) -> list[str]:
    return file.read_text().splitlines()


def table() -> str:
    rows = ["| choice | what it is |", "|---|---|"]
    for group in groups():
        name = str(group.relative_to(CONF))
        rows += [f"| `{name}={file.stem}` | {about(file)} |" for file in sorted(group.glob("*.yaml"))]
    return "\n".join(rows)


def main() -> int:
    before, rest = README.read_text().split(BEGIN)
    text = f"{before}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}"
    if text == README.read_text():
        return 0
    if "--check" in sys.argv:
        print("the table of pieces is not that of conf/: run python scripts/pieces.py")
        return 1
    README.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
