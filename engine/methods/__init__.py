"""The methods, found by listing this folder: a new file here is a new method everywhere."""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from engine.errors import SettingsError
from engine.imported import Imported
from engine.method import Method


def _only_method(module: ModuleType) -> type[Method]:
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Method) and value.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise TypeError(f"{module.__name__} must define exactly one Method, it defines {len(found)}")
    return found[0]


def _find_methods() -> dict[str, type[Method]]:
    modules = [import_module(f"{__name__}.{info.name}") for info in iter_modules(__path__)]
    return {method.name: method for method in map(_only_method, modules)}


METHODS: Mapping[str, type[Method]] = _find_methods()


def method_named(name: str) -> type[Method]:
    """The class of a method; imported weights are one outside the list, as they cannot be trained as they are.

    Raises:
        SettingsError: If there is no such method.
    """
    if name == Imported.name:
        return Imported
    if name not in METHODS:
        raise SettingsError(
            f"There is no method '{name}'.", f"Choose one of {', '.join(METHODS)}.", field="method"
        )
    return METHODS[name]
