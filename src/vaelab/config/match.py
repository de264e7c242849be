"""Holding one value against one type: whether it fits, and the words for what it must be and what it is.

A list or dict is judged here by its kind alone; its elements are held against `inner` one by one.
"""

import math
import re
from collections.abc import Callable
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from vaelab.config.annotation import ANYTHING, Node
from vaelab.config.fault import Fault
from vaelab.config.near import did_you_mean
from vaelab.config.types import Range


def _is_number(value: Any) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, float) and math.isfinite(value)
    )


def _is_node(value: Any) -> bool:
    return isinstance(value, dict) and "_target_" in value


# each kind's test, and its words
_KINDS: dict[Any, tuple[Callable[[Any], bool], str]] = {
    bool: (lambda v: isinstance(v, bool), "true or false"),
    int: (lambda v: isinstance(v, int) and not isinstance(v, bool), "a whole number"),
    float: (_is_number, "a number"),
    str: (lambda v: isinstance(v, str), "text"),
    NoneType: (lambda v: v is None, "null"),
    list: (lambda v: isinstance(v, list), "a list"),
    tuple: (lambda v: isinstance(v, list), "a list"),
    dict: (lambda v: isinstance(v, dict), "a group of settings"),
    Node: (_is_node, "a group with a _target_"),
    Callable: (_is_node, "a group with a _target_"),
}


def fault(setting: str, value: Any, annotation: Any) -> Fault | None:
    """What is wrong with the value of a setting, its elements aside."""
    if any(_fits(value, option) for option in options(annotation)):
        return None
    asked = words(annotation) or "a finite value"
    text = f"{setting} must be {asked}, not {show(value)}{_hint(setting, value, annotation)}"
    # right in kind and only out of range: then the range says what sort of fault it is
    near_misses = [option for option in options(annotation) if _fits(value, _plain(option))]
    codes = {r.code for option in near_misses for r in _ranges(option)}
    return Fault(text, codes.pop()) if len(codes) == 1 else Fault(text)


def inner(value: Any, annotation: Any, index: int = 0) -> Any:
    """The type of a list's or dict's element, by the first option that the container itself fits."""
    for option in options(annotation):
        arguments = get_args(option)
        if _fits(value, option) and arguments and get_origin(option) in (list, tuple, dict):
            fixed = get_origin(option) is tuple and Ellipsis not in arguments
            return arguments[index] if fixed else arguments[1 if get_origin(option) is dict else 0]
    return ANYTHING


def options(annotation: Any) -> list[Any]:
    """The members of a union; of anything else, itself."""
    if get_origin(annotation) in (Union, UnionType):
        return [option for member in get_args(annotation) for option in options(member)]
    return [annotation]


def words(annotation: Any) -> str:
    """What a value must be: 'a number above 0, or null'. Empty for a type that takes anything."""
    found = [_words(option) for option in options(annotation)]
    return ", or ".join(dict.fromkeys(found)) if all(found) else ""


def show(value: Any) -> str:
    """A value as a config would have it, cut where it is long."""
    if isinstance(value, dict):
        return f"a {value['_target_']}" if "_target_" in value else "a group of settings"
    if isinstance(value, list):
        text = f"[{', '.join(show(v) for v in value)}]"
    else:
        text = _WORDS[value] if _is_word(value) else repr(value)
    most = 240 if isinstance(value, str) else 80  # a path is shown whole
    return text if len(text) <= most else text[: most - 3] + "..."


_WORDS = {True: "true", False: "false", None: "null"}


def _is_word(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def _plain(option: Any) -> Any:
    return get_args(option)[0] if get_origin(option) is Annotated else option


def _ranges(option: Any) -> list[Range]:
    return [r for r in getattr(option, "__metadata__", ()) if isinstance(r, Range)]


def _fits(value: Any, option: Any) -> bool:
    origin, arguments = get_origin(option), get_args(option)
    if origin is Annotated:
        return _fits(value, arguments[0]) and all(r.test(value) for r in _ranges(option))
    if origin is Literal:
        # by type as well: to Python, True is 1
        return any(type(value) is type(choice) and value == choice for choice in arguments)
    kind = origin or option
    if kind not in _KINDS:
        # a type not known here takes anything, but nothing can be meant by NaN
        return not (isinstance(value, float) and math.isnan(value))
    if not _KINDS[kind][0](value):
        return False
    if kind is tuple and arguments and Ellipsis not in arguments:
        return len(value) == len(arguments)
    # an empty list passes no element's range
    return bool(value) or kind not in (list, tuple) or not any(map(_ranges, arguments))


def _words(option: Any) -> str:
    origin, arguments = get_origin(option), get_args(option)
    if origin is Annotated:
        return next((r.words for r in _ranges(option)), _words(arguments[0]))
    if origin is Literal:
        choices = [show(choice) if _is_word(choice) else str(choice) for choice in arguments]
        return choices[0] if len(choices) == 1 else f"one of {', '.join(choices)}"
    kind = origin or option
    if kind not in _KINDS:
        return ""
    if kind is tuple and arguments and Ellipsis not in arguments:
        return f"a list of {len(arguments)}: {'; '.join(words(a) for a in arguments)}"
    if kind in (list, tuple) and arguments and words(arguments[0]):
        some = "a list of one or more" if any(map(_ranges, arguments)) else "a list"
        return f"{some}, each {words(arguments[0])}"
    return _KINDS[kind][1]


def _hint(setting: str, value: Any, annotation: Any) -> str:
    """What a value that does not fit may have been meant to be."""
    kinds = [get_origin(_plain(option)) or _plain(option) for option in options(annotation)]
    if isinstance(value, int | float) and str in kinds and not isinstance(value, bool):
        return " (quotes make it text)"
    if not isinstance(value, str):
        return ""
    if Node in kinds or Callable in kinds:
        return f"; a file of that group is chosen with {setting.replace('.', '/')}={value}"
    if (int in kinds or float in kinds) and _NUMBER.fullmatch(value):
        return f" (this is text; YAML wants {_yaml_number(value)} without quotes)"
    literals = [option for option in options(annotation) if get_origin(option) is Literal]
    return did_you_mean(value, [str(choice) for literal in literals for choice in get_args(literal)])


_NUMBER = re.compile(r"(?P<mantissa>[-+]?(\d+\.?\d*|\.\d+))(?P<exponent>[eE](?P<sign>[-+]?)\d+)?")


def _yaml_number(text: str) -> str:
    """A number as every YAML reader takes it for one: 1e-3 has to be 1.0e-3."""
    number = _NUMBER.fullmatch(text)
    if number is None or not number["exponent"]:
        return text
    mantissa = number["mantissa"] if "." in number["mantissa"] else number["mantissa"] + ".0"
    return f"{mantissa}e{number['sign'] or '+'}{number['exponent'].lstrip('eE+-')}"
