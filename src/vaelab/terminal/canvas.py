"""A grid of dots that is printed as characters."""

from rich.text import Text

from vaelab.terminal.glyphs import Glyphs

DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # of a braille cell, by row and column


class Canvas:
    """`columns` × `rows` characters of 2×4 dots each in braille, of one dot each in ASCII.

    `x` goes from 0 to `across` - 1, `y` from the top down to `down` - 1. A character that two curves cross is the later
    one's.
    """

    def __init__(self, columns: int, rows: int, signs: Glyphs) -> None:
        self.signs = signs
        self._wide, self._high = (2, 4) if signs.braille else (1, 1)
        self.across, self.down = columns * self._wide, rows * self._high
        self._cells = [[0] * columns for _ in range(rows)]
        self._owner = [[0] * columns for _ in range(rows)]

    def dot(self, x: int, y: int, curve: int) -> None:
        row, column = y // self._high, x // self._wide
        self._cells[row][column] |= DOTS[y % self._high][x % self._wide]
        self._owner[row][column] = curve

    def lines(self, letters: str, styles: tuple[str, ...]) -> list[Text]:
        """One line a row; curve i in `styles[i]`, and where there is no braille as `letters[i]`."""
        out = []
        for cells, owners in zip(self._cells, self._owner, strict=True):
            line = Text()
            for cell, curve in zip(cells, owners, strict=True):
                sign = chr(0x2800 + cell) if self.signs.braille else letters[curve]
                line.append(sign if cell else " ", styles[curve] if cell else "")
            out.append(line)
        return out
