"""Which of the committed data sets belong to a family."""

from simlib.traces import registry


def of_family(family):
    """Names of the committed data sets of a family, one for each model."""
    return [name for name, entry in registry().items() if entry.family == family]
