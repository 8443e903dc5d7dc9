"""OpenAPI 3.1: the description of typed views, a documentation page, and a command.

Needs msgspec, from the extra ``typed``.
"""

from .breaking import find_breaking_changes as find_breaking_changes
from .extension import OpenAPI as OpenAPI
from .metadata import operation as operation
