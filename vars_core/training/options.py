"""A dataclass is a command line: a field declared by `option` is an option, with its help, its name, its range.

What a value means, what it may be and how it is asked for stand in one place. Fields declared otherwise stay inside.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import typer

from vars_core.errors import InputError

T = TypeVar("T")


@dataclass(frozen=True)
class Option:
    """How a field is asked for. ``parse``: text to value where the field is of no type that a word stands for."""

    help: str
    name: str | None
    low: float
    high: float
    choices: tuple[str, ...]
    parse: Callable[[str], Any] | None


def option(
    help: str,
    default: Any = MISSING,
    *,
    name: str | None = None,
    low: float = float("-inf"),
    high: float = float("inf"),
    choices: tuple[str, ...] = (),
    parse: Callable[[str], Any] | None = None,
) -> Any:
    """A dataclass's field that is an option: ``--field-name``, or ``name``. Numbers lie in [low, high]."""
    told = Option(help, name, low, high, choices, parse)
    return dataclasses.field(default=default, metadata={"option": told})


def options(owner: type) -> dict[str, Option]:
    """Field → its option, in the order of the fields."""
    return {f.name: f.metadata["option"] for f in dataclasses.fields(owner) if "option" in f.metadata}


def check_ranges(value: Any) -> None:
    """Refuse a dataclass with a number outside its option's range, or a word that is none of its choices."""
    for name, told in options(type(value)).items():
        given = getattr(value, name)
        numbers = given if isinstance(given, tuple) else (given,)
        if any(isinstance(n, (int, float)) and not told.low <= n <= told.high for n in numbers):
            raise InputError(f"{name} must {_range(told)}, got {given}")
        if told.choices and given is not None and given not in told.choices:
            raise InputError(f"{name} must be {' or '.join(map(repr, told.choices))}, got {given!r}")


def _range(told: Option) -> str:
    if told.high == float("inf"):
        return f"be {told.low:g} or more"
    return f"lie between {told.low:g} and {told.high:g}"


def parameters(
    owner: type, *, replacing: bool = False, panel: str | None = None, environment: str | None = None
) -> list[inspect.Parameter]:
    """The options of a dataclass as a command's parameters.

    ``replacing``: they stand in place of values that are there already, so all may be left out and default to None.
    ``panel``: the title of their part of the help. ``environment``: what stands before a field's name, in capitals, in
    the environment variable that fills it in; None for no variables.
    """
    hints = get_type_hints(owner)
    made = []
    for field in dataclasses.fields(owner):
        if "option" not in field.metadata:
            continue
        told: Option = field.metadata["option"]
        kind = str if told.parse else _as_lists(hints[field.name])
        default = inspect.Parameter.empty if field.default is MISSING else field.default
        if replacing or default == ():
            kind, default = kind | None, None
        flag = f"--{field.name.replace('_', '-')}"
        if told.name is not None:
            flag = told.name
        elif replacing and hints[field.name] is bool:
            flag = f"{flag}/--no-{flag[2:]}"
        variable = None if environment is None else f"{environment}{field.name.upper()}"
        asked = Annotated[kind, typer.Option(flag, help=told.help, rich_help_panel=panel, envvar=variable)]  # type: ignore[valid-type]  # made at run time
        made.append(inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=asked))
    return made


def _as_lists(kind: Any) -> Any:
    """A tuple of any length is an option given several times, which the command line calls a list."""
    arguments = get_args(kind)
    return list[arguments[0]] if get_origin(kind) is tuple and arguments[-1] is Ellipsis else kind  # type: ignore[valid-type]  # made at run time


def given(owner: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a command's ``values`` that are options of ``owner`` and were given, as its fields hold them."""
    taken = {}
    for name, told in options(owner).items():
        value = values.get(name)
        if value is not None:
            taken[name] = told.parse(value) if told.parse else tuple(value) if isinstance(value, list) else value
    return taken


def with_parameters(function: Callable[..., None], made: list[inspect.Parameter]) -> Callable[..., None]:
    """``function`` as a command: its own parameters, then ``made``, which it takes as keyword arguments."""
    own = inspect.signature(function, eval_str=True).parameters.values()
    named = [p.replace(kind=p.KEYWORD_ONLY) for p in own if p.kind is not p.VAR_KEYWORD]
    function.__signature__ = inspect.Signature([*named, *made])  # type: ignore[attr-defined]  # typer reads it
    return function


def asks(owner: type[T], *, environment: str | None = None) -> Callable[[Callable[[T], None]], Callable[..., None]]:
    """A function of what was asked for, one value, as a command: required options first, its own before inherited.

    ``environment``: as `parameters` takes it.
    """

    def made(function: Callable[[T], None]) -> Callable[..., None]:
        def command(**values: Any) -> None:
            function(owner(**given(owner, values)))

        command.__name__, command.__doc__, command.__module__ = function.__name__, function.__doc__, function.__module__
        own, needed = vars(owner)["__annotations__"], inspect.Parameter.empty
        asked = sorted(
            parameters(owner, environment=environment), key=lambda one: (one.default is not needed, one.name not in own)
        )
        return with_parameters(command, asked)

    return made
