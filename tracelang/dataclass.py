"""The standard library's frozen dataclass, made in a tenth of the time.

The library compiles six methods for each class, half a millisecond together, and tracelang has some
three hundred of them: compiling methods took longer than compiling scripts. Here all classes share
the same methods. To a type checker, to `fields` and to `replace` they are the library's own.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(*, frozen: bool, slots: bool) -> Callable[[type], type]:
        """Make a class of values of its annotations; only `frozen=True, slots=True` is meant."""
        if not (frozen and slots):
            raise TypeError("this one makes frozen classes with slots: use the library's")
        return _make


__all__ = ["dataclass"]

_MISSING: Final = object()


class _Field(NamedTuple):
    """What is told of a field; `type` is its annotation, as text."""

    name: str
    type: Any
    default: Any
    factory: Any = None
    init: bool = True
    repr: bool = True
    compare: bool = True
    kw_only: bool = False


def _make(plain: type) -> type:
    """Return the class anew, with a slot for each field: slots cannot be added to a class."""
    own = tuple(_read(plain, name, type_) for name, type_ in _annotations(plain).items())
    body = {k: v for k, v in vars(plain).items() if k not in ("__dict__", "__weakref__")}
    for field in own:
        body.pop(field.name, None)
    inherited = {f.name: f for base in plain.__mro__[:0:-1] for f in _fields_of(base)}
    known = tuple({**inherited, **{f.name: f for f in own}}.values())
    body["__slots__"] = tuple(f.name for f in own if f.name not in inherited)
    body["__match_args__"] = tuple(f.name for f in known if f.init and not f.kw_only)
    body["__qualname__"] = plain.__qualname__
    made: Any = type(plain)(plain.__name__, plain.__bases__, body)
    made.__frozen_fields__ = known
    made.__dataclass_fields__ = _LibraryFields()
    _add_methods(made, known)
    return cast("type", made)


def _annotations(plain: type) -> dict[str, Any]:
    found: dict[str, Any] = vars(plain).get("__annotations__", {})
    if any("__dataclass_fields__" in vars(b) and not _fields_of(b) for b in plain.__mro__):
        raise TypeError(f"{plain.__name__}: its base is a dataclass of the library")
    if any("ClassVar" in str(type_) for type_ in found.values()):
        raise TypeError(f"{plain.__name__}: a variable of the class is no field")
    return found


def _fields_of(class_: type) -> tuple[_Field, ...]:
    fields: tuple[_Field, ...] = vars(class_).get("__frozen_fields__", ())
    return fields


def _read(plain: type, name: str, type_: Any) -> _Field:
    """Return a field by its annotation and its default, which may be the library's `field(…)`."""
    default = vars(plain).get(name, _MISSING)
    if type(default).__name__ != "Field":
        return _Field(name, type_, default)
    from dataclasses import MISSING  # who writes `field(…)` has imported it

    return _Field(
        name,
        type_,
        _MISSING if default.default is MISSING else default.default,
        None if default.default_factory is MISSING else default.default_factory,
        default.init,
        default.repr,
        default.compare,
        default.kw_only is True,
    )


class _LibraryFields:
    """A class's `__dataclass_fields__`, made when `fields` or `replace` of the library asks."""

    def __get__(self, _value: object, class_: Any) -> dict[str, Any]:
        from dataclasses import field as describe
        from dataclasses import make_dataclass  # late: it imports much, and few values ask

        specs = []
        for known in class_.__frozen_fields__:
            options = known._asdict()
            name, type_, default = (options.pop(k) for k in ("name", "type", "default"))
            if factory := options.pop("factory"):
                options["default_factory"] = factory
            elif default is not _MISSING:
                options["default"] = default
            options["kw_only"] = True  # else those with a default must come last
            specs.append((name, type_, describe(**options)))
        twin: Any = make_dataclass(class_.__name__, specs, repr=False, eq=False)
        fields: dict[str, Any] = twin.__dataclass_fields__
        for known in class_.__frozen_fields__:
            fields[known.name].kw_only = known.kw_only
        class_.__dataclass_fields__ = fields
        return fields


# --- The methods ----------------------------------------------------------------------------------


def _add_methods(made: Any, known: tuple[_Field, ...]) -> None:
    compared = tuple(f.name for f in known if f.compare)
    values = attrgetter(*compared) if compared else _nothing
    own = vars(made)

    def is_equal(self: Any, other: object) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return values(self) == values(other)

    methods = {
        "__init__": _initializer(made, known),
        "__eq__": is_equal,
        "__hash__": lambda self: hash(values(self)),
        "__repr__": _show,
        "__setattr__": _refuse,
        "__delattr__": _refuse,
        "__reduce__": _reduce,
    }
    for name, method in methods.items():
        # `__eq__` in a class's body puts `__hash__ = None` beside it.
        if name not in own or (name == "__hash__" and own[name] is None and "__eq__" in own):
            setattr(made, name, method)


def _initializer(made: Any, known: tuple[_Field, ...]) -> Callable[..., None]:
    """Return `__init__`: all values by position are put in place at once, others sorted first."""
    names = tuple(f.name for f in known)
    order = tuple(f.name for f in known if f.init and not f.kw_only)
    places = tuple(getattr(made, name).__set__ for name in names)
    count, after = len(names) if order == names else -1, getattr(made, "__post_init__", None)
    usual = {f.name: f.default for f in known if f.default is not _MISSING or not f.init}
    factories = {f.name: f.factory for f in known if f.factory is not None}

    def initialize(self: object, *args: Any, **named: Any) -> None:
        if named or len(args) != count:
            given = order[: len(args)]
            values = {**usual, **dict(zip(given, args, strict=False)), **named}
            for name, make in factories.items():
                if name not in values:
                    values[name] = make()
            twice = not named.keys().isdisjoint(given)
            if twice or len(args) > len(given) or values.keys() != wanted:
                raise TypeError(_complaint(made, order, len(args), values.keys(), wanted))
            args = tuple(map(values.__getitem__, names))
        for put, value in zip(places, args, strict=True):
            if value is not _MISSING:
                put(self, value)
        if after is not None:
            after(self)

    wanted = dict.fromkeys(names).keys()
    return initialize


def _complaint(
    made: type,
    order: tuple[str, ...],
    count: int,
    found: AbstractSet[str],
    wanted: AbstractSet[str],
) -> str:
    """Say what is wrong with the values given to a class."""
    if count > len(order):
        return f"{made.__name__} takes {len(order)} values by position, not {count}"
    if missing := sorted(wanted - found):
        return f"{made.__name__} needs {', '.join(missing)}"
    if strange := sorted(found - wanted):
        return f"{made.__name__} has no {', '.join(strange)}"
    return f"{made.__name__}: a value is given twice"


def _nothing(_value: object) -> tuple[()]:
    return ()


def _show(self: Any) -> str:
    shown = (f"{f.name}={getattr(self, f.name)!r}" for f in self.__frozen_fields__ if f.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse(_self: object, name: str, *_value: object) -> None:
    from dataclasses import FrozenInstanceError  # late: it never happens

    raise FrozenInstanceError(f"cannot change field {name!r}")


def _reduce(self: Any) -> tuple[Any, ...]:
    """Let values be copied and pickled."""
    state = {f.name: getattr(self, f.name) for f in self.__frozen_fields__ if f.init}
    return _restore, (type(self), state)


def _restore(class_: Callable[..., Any], state: dict[str, Any]) -> Any:
    return class_(**state)
