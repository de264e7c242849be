import pytest


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages without plotly's own five megabytes, which other tests look at."""
    monkeypatch.setattr("plotly.offline.get_plotlyjs", lambda: "")
