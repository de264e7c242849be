"""A time as words."""


def duration(seconds: float) -> str:
    """In two units at most: 42 s, 3 min 5 s, 2 h 10 min, 3 d 4 h."""
    whole = round(seconds)
    for size, name, below, its in ((86_400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // below
            return f"{whole // size} {name}" + (f" {rest} {its}" if rest else "")
    return f"{whole} s"
