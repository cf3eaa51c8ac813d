"""Parameters of an object as scikit-learn has them, without scikit-learn."""

from __future__ import annotations

import difflib
import functools
import html
import inspect
from collections.abc import Callable, Mapping
from typing import Any


def keeps(further: Mapping[str, Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A decorator of `__init__`, which then keeps each of its keywords as it is given.

    Args:
        further: keywords with their defaults, in the place of its `**settings`.
    """

    def decorate(init: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(init)
        own = [p for p in signature.parameters.values() if p.kind != p.VAR_KEYWORD]
        more = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
            for name, default in further.items()
            if name not in signature.parameters
        ]
        signature = signature.replace(parameters=[*own, *more])

        @functools.wraps(init)
        def __init__(self, **values: Any) -> None:
            bound = signature.bind(self, **values)
            bound.apply_defaults()
            for name in [*signature.parameters][1:]:
                setattr(self, name, bound.arguments[name])

        __init__.__signature__ = signature  # type: ignore[attr-defined]
        return __init__

    return decorate


class Parameters:
    """`get_params` and `set_params` by the signature of `__init__`, and how that is shown."""

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        parameters = inspect.signature(cls.__init__).parameters
        return {name: one.default for name, one in parameters.items() if name != "self"}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name, as they were given; none of them has its own (`deep`)."""
        return {name: getattr(self, name) for name in self._defaults()}

    def set_params(self, **params: Any):
        """Change some, and return the object.

        Raises:
            ValueError: there is no such parameter.
        """
        known = self._defaults()
        for name in params:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint = f" Did you mean {near[0]!r}?" if near else ""
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {type(self).__name__}.{hint} Valid"
                    f" parameters are: {', '.join(sorted(known))}."
                )
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def _changed(self) -> dict[str, Any]:
        """The parameters that differ from their defaults."""
        return {
            name: getattr(self, name)
            for name, default in self._defaults().items()
            if repr(getattr(self, name)) != repr(default)
        }

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self._changed().items())
        return f"{type(self).__name__}({given})"

    def _facts(self) -> Mapping[str, Any]:
        """What `_repr_html_` shows beside the parameters."""
        return {}

    def _repr_html_(self) -> str:
        """A small table for notebooks; it loads nothing."""
        rows = "".join(
            f'<tr><th style="text-align:left">{html.escape(name)}</th>'
            f'<td style="text-align:left">{html.escape(str(value))}</td></tr>'
            for name, value in {**self._changed(), **self._facts()}.items()
        )
        return f"<table><caption>{type(self).__name__}</caption>{rows}</table>"
