"""Templates rendered by faster code than Jinja's own, with the same results.

Jinja compiles a template to generator functions. Here each template's module gets a second set of
functions that append to a list (:mod:`.generator`, :mod:`.functions`), which
:class:`.template.ApplicationTemplate` runs wherever nothing can tell the difference. Jinja's own
functions stay in the module; streaming, asynchronous and sandboxed environments, and environments
with overridden methods run them.
"""
