"""The figures of docs/gallery: the runs, what is measured of them, and a file of drawings for each page."""
