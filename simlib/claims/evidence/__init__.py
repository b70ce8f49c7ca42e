"""Evidence runners, one module per topic.

A runner measures the effect of one claim in one column:

    @evidence("uniform.geometric_law", "simulated")
    def _(*, key) -> Evidence: ...
"""
