"""The sections of a run's page, one a file: a record in, a Section out."""
