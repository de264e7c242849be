"""One data module, many sources: the only room that knows a data set's name."""
