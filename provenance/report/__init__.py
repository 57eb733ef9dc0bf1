"""Forms in which a report is shown; made from the model alone."""
