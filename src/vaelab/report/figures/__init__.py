"""Plain data in, a plotly figure and its words out. One figure, one file."""
