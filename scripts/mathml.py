"""The TeX of docs/ as MathML, which browsers draw without a script or a font from elsewhere.

Only what the texts use; another command raises ValueError with its name, so that a page never shows raw TeX.
"""

import re
from html import escape
from itertools import cycle

TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|[{}^_&]|\d+(?:\.\d+)?|\s+|.", re.DOTALL)
GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "theta": "θ", "lambda": "λ", "mu": "μ",
    "pi": "π", "sigma": "σ", "phi": "φ", "psi": "ψ", "Sigma": "Σ",
}  # fmt: skip
SIGNS = {
    "mid": "∣", "Vert": "‖", "ge": "≥", "le": "≤", "approx": "≈", "neq": "≠", "sim": "∼", "cdot": "·", "to": "→",
    "dots": "…", "infty": "∞", "in": "∈", "times": "×", "partial": "∂", "{": "{", "}": "}", ",": "\u2009",
}  # fmt: skip
WORDS = ("log", "exp", "min", "max", "det")
LARGE = {"sum": "∑", "prod": "∏", "int": "∫"}
BELOW = ("sum", "prod", "min", "max")  # whose limits stand below and above
SPACES = {"quad": "1em", "qquad": "2em"}
LETTERS = {"mathbb": {"E": "𝔼", "R": "ℝ"}, "mathcal": {"L": "ℒ", "I": "ℐ", "N": "𝒩", "D": "𝒟", "U": "𝒰"}}
FENCES = {"\\Vert": "‖", "\\{": "{", "\\}": "}", "\\mid": "∣", ".": ""}


def mathml(tex: str) -> str:
    """A displayed equation as one line of HTML: the formula, and its number where it has a \\tag."""
    tags = re.findall(r"\\tag\{(\w+)\}", tex)
    body = _Reader(re.sub(r"\\tag\{\w+\}", "", tex).strip()).row()
    number = f'<span class="number">({tags[0]})</span>' if tags else ""
    return f'<div class="equation"><math display="block"><mrow>{body}</mrow></math>{number}</div>'


class _Reader:
    """Reads a formula token by token."""

    def __init__(self, tex: str) -> None:
        self.tokens = [token for token in TOKEN.findall(tex) if not token.isspace()]
        self.at = 0

    def next(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1] if self.at <= len(self.tokens) else ""

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def row(self, *ends: str) -> str:
        """Everything up to one of `ends`, which is left to be read."""
        parts = []
        while self.peek() and self.peek() not in ends:
            parts.append(self.scripted())
        return "".join(parts)

    def scripted(self) -> str:
        """An atom with what hangs on it."""
        token = self.peek()
        base, below, above = self.atom(), "", ""
        while self.peek() in ("_", "^"):
            if self.next() == "_":
                below = self.argument()
            else:
                above = self.argument()
        if not below and not above:
            return base
        kind = "under", "over"
        if token.lstrip("\\") not in BELOW:
            kind = "sub", "sup"
        name = f"m{kind[0] if below else ''}{kind[1] if above else ''}"
        return f"<{name}>{base}{below}{above}</{name}>"

    def argument(self) -> str:
        return f"<mrow>{self.atom()}</mrow>"

    def group(self) -> str:
        if self.next() != "{":
            raise ValueError("a { was expected")
        start = self.at
        inside = self.row("}")
        if self.next() != "}":
            raise ValueError("a { is not closed")
        letters = "".join(self.tokens[start : self.at - 1])
        # a word, as in p_{prior}, is no product of letters
        return f"<mi>{letters}</mi>" if letters.isalpha() and len(letters) > 1 else f"<mrow>{inside}</mrow>"

    def raw(self) -> str:
        """The letters of a group, as they are."""
        start = self.at
        self.group()
        return "".join(self.tokens[start + 1 : self.at - 1])

    def atom(self) -> str:
        if self.peek() == "{":
            return self.group()
        token = self.next()
        if not token.startswith("\\"):
            kind = "mi" if token.isalpha() else "mn" if token[0].isdigit() else "mo"
            stiff = ' stretchy="false"' if token in "()[]|" else ""
            return f"<{kind}{stiff}>{escape({'-': '−', '*': '∗'}.get(token, token))}</{kind}>"
        name = token[1:]
        if name in GREEK:
            return f"<mi>{GREEK[name]}</mi>"
        if name in SIGNS:
            return f'<mo stretchy="false">{SIGNS[name]}</mo>'
        if name in LARGE:
            return f"<mo>{LARGE[name]}</mo>"
        if name in WORDS:
            return f'<mi>{name}</mi><mspace width="0.17em"/>' if name not in BELOW else f"<mo>{name}</mo>"
        if name in SPACES:
            return f'<mspace width="{SPACES[name]}"/>'
        return self.command(name)

    def command(self, name: str) -> str:
        if name == "frac":
            return f"<mfrac>{self.group()}{self.group()}</mfrac>"
        if name in LETTERS:
            return f"<mi>{LETTERS[name][self.raw()]}</mi>"
        if name == "mathrm":
            return f'<mi mathvariant="normal">{self.raw()}</mi>'
        if name == "left":
            fence = self.fence()
            inside = self.row("\\right")
            self.next()
            return f"<mrow>{fence}{inside}{self.fence()}</mrow>"
        if name == "begin" and self.raw() == "aligned":
            return self.table()
        raise ValueError(f"\\{name} is not known to scripts/mathml.py")

    def fence(self) -> str:
        token = self.next()
        return f'<mo stretchy="true">{FENCES.get(token, token)}</mo>'

    def table(self) -> str:
        """Rows that end in \\\\, the first cell of each to the right, the others to the left."""
        rows: list[list[str]] = [[]]
        while self.peek() != "\\end":
            if not self.peek():
                raise ValueError("aligned has no end")
            rows[-1].append(self.row("&", "\\\\", "\\end"))
            if self.peek() != "\\end" and self.next() == "\\\\":
                rows.append([])
        self.next()
        self.raw()
        sides = ("right", "left")
        cells = [
            "".join(
                f'<mtd style="text-align:{side}">{cell}</mtd>' for cell, side in zip(row, cycle(sides), strict=False)
            )
            for row in rows
        ]
        return f'<mtable displaystyle="true">{"".join(f"<mtr>{row}</mtr>" for row in cells)}</mtable>'
