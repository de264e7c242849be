"""A run or a sweep as one HTML page that needs nothing but a browser: written from the files of its folder alone.

folder -> record (what was read) -> sections (words, tables, figures) -> page. No torch; plotly only once a page is
written, so that `vaelab report --help` does not wait for it.
"""

from vaelab.report.door import main
from vaelab.report.write import report_or_why, write_report

__all__ = ["main", "report_or_why", "write_report"]
