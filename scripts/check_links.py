"""Check a built site: every link, picture, script and anchor leads somewhere inside it, and nothing is loaded from
another host.

    python scripts/check_links.py build/site
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {"src", "srcset", "data", "poster"}  # attributes whose address a browser asks for by itself


class Page(HTMLParser):
    """The ids of a page, and its addresses as (address, whether it is loaded)."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.addresses: list[tuple[str, bool]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if value and (name == "id" or (name == "name" and tag == "a")):
                self.ids.add(value)
            elif value and (name == "href" or name in LOADED):
                wanted = name in LOADED or (tag == "link" and ("rel", "canonical") not in attributes)
                self.addresses.append((value, wanted))


def faults(site: Path) -> list[str]:
    """One line for each address that leads nowhere, or would be loaded from elsewhere."""
    pages = {path: Page(path.read_text()) for path in sorted(site.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        for address, loaded in page.addresses:
            fault = _fault(site, path, pages, address, loaded)
            if fault:
                found.append(f"{path.relative_to(site)}: {address} {fault}")
    return sorted(set(found))


def _fault(site: Path, path: Path, pages: dict[Path, Page], address: str, loaded: bool) -> str | None:
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return "would be loaded from another host" if loaded and parts.scheme != "data" else None
    home = path.parent if not parts.path.startswith("/") else site
    target = (home / unquote(parts.path).lstrip("/")).resolve() if parts.path else path.resolve()
    target = target / "index.html" if target.is_dir() else target
    if not target.is_file():
        return "leads to no file"
    if parts.fragment and target.suffix == ".html":
        ids = pages[site / target.relative_to(site.resolve())].ids
        if unquote(parts.fragment) not in ids and not parts.fragment.startswith("__"):
            return "leads to no anchor"
    return None


def main() -> int:
    site = Path(sys.argv[1])
    found = faults(site)
    for fault in found:
        print(fault)
    print(f"{site}: {len(list(site.rglob('*.html')))} pages, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
