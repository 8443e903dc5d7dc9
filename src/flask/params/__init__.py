"""Typed views: parameters that are read and checked, results that are encoded.

A view opts in through its annotations. Needs msgspec, from the extra ``typed``.
"""

from .faults import Fault as Fault
from .markers import Body as Body
from .markers import Cookie as Cookie
from .markers import File as File
from .markers import Form as Form
from .markers import Header as Header
from .markers import Query as Query
from .problem import InvalidInput as InvalidInput
from .problem import MalformedBody as MalformedBody
from .problem import Problem as Problem
from .problem import WrongMediaType as WrongMediaType
from .problem import answer_with_problems as answer_with_problems
from .results import responds as responds
from .views import compile_view as compile_view
from .views import compile_views as compile_views
from .views import contracts_of as contracts_of
from .views import typed as typed
