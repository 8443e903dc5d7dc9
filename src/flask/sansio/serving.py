"""Functions that run before the first request and after the last."""

from __future__ import annotations

import typing as t
from functools import cached_property

F = t.TypeVar("F", bound=t.Callable[[], t.Any])


class AppServing:
    """Mixin of an application with functions that run around serving."""

    if t.TYPE_CHECKING:

        def _check_setup_finished(self, f_name: str) -> None: ...

    # PERF: made when first asked for, so that an application without any pays nothing.

    @cached_property
    def before_serving_funcs(self) -> list[t.Callable[[], t.Any]]:
        """Functions called in this order before the first request; sync or async."""
        return []

    @cached_property
    def after_serving_funcs(self) -> list[t.Callable[[], t.Any]]:
        """Functions called in this order after the last request; sync or async."""
        return []

    @cached_property
    def while_serving_gens(self) -> list[t.Callable[[], t.Any]]:
        """Generator functions, sync or async, that yield once, between start and end."""
        return []

    @property
    def has_serving_functions(self) -> bool:
        """True if there are functions to run around serving."""
        own = self.__dict__
        return bool(
            own.get("before_serving_funcs")
            or own.get("while_serving_gens")
            or own.get("after_serving_funcs")
        )

    def before_serving(self, f: F) -> F:
        """Call the decorated function before the first request; an exception stops the server."""
        self._check_setup_finished("before_serving")
        self.before_serving_funcs.append(f)
        return f

    def after_serving(self, f: F) -> F:
        """Call the decorated function after the last request."""
        self._check_setup_finished("after_serving")
        self.after_serving_funcs.append(f)
        return f

    def while_serving(self, f: F) -> F:
        """Register a generator that is entered before the first request and left after the last.

        .. code-block:: python

            @app.while_serving
            async def connect():
                app.extensions["pool"] = await create_pool()
                yield
                await app.extensions["pool"].close()
        """
        self._check_setup_finished("while_serving")
        self.while_serving_gens.append(f)
        return f


class BlueprintServing:
    """Mixin of a blueprint with functions that run around serving."""

    if t.TYPE_CHECKING:

        def record_once(self, func: t.Callable[[t.Any], None]) -> None: ...

    def before_serving(self, f: F) -> F:
        """Call the decorated function before the application's first request."""
        self.record_once(lambda state: state.app.before_serving(f))
        return f

    def after_serving(self, f: F) -> F:
        """Call the decorated function after the application's last request."""
        self.record_once(lambda state: state.app.after_serving(f))
        return f

    def while_serving(self, f: F) -> F:
        """Register a generator that is entered before the application's first request and left
        after the last.
        """
        self.record_once(lambda state: state.app.while_serving(f))
        return f
