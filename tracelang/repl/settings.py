"""What `:set` sets: options of `tracelang run`, values of scripts' params, and whether to time."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from tracelang.cli import options
from tracelang.cli.run import build_parser
from tracelang.diagnostics import DiagnosticError, fail
from tracelang.launch.options import LaunchOptions
from tracelang.registry import did_you_mean, nearest
from tracelang.sinks import find_sink
from tracelang.source import SourceFile
from tracelang.syntax.ast import Param
from tracelang.syntax.parse import parse_script

SOURCE_NAME: Final = "<prompt>"
"""What messages call a text of the prompt."""
_NOT_HERE: Final = ("help", "scripts", "kernel", "dry_run")
_TIMES: Final = "times"
PARAM: Final = "param."
"""What the name of a script's param begins with, as a setting."""
_YES: Final = ("yes", "on", "true", "1")
_NO: Final = ("no", "off", "false", "0")


@dataclass(frozen=True, slots=True)
class Setting:
    """One option: `flag` is how `run` takes it, `switch` says that it is yes or no."""

    name: str
    flag: str
    switch: bool
    help: str
    choices: tuple[str, ...] = ()


@dataclass(slots=True)
class Settings:
    """The settings of a session; what is not set is as it is for `tracelang run`.

    `params` are values for the params of scripts, whichever have one of the name.
    """

    values: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)

    def set(self, name: str, value: str) -> None:
        """Set one; raises U100 and others for a name or value that `run` would refuse."""
        if name.startswith(PARAM):
            self.params[_param_name(name)] = value
            return
        setting = _find(name)
        if setting.switch:
            value = _read_switch(value, name)
        before = dict(self.values)
        self.values[setting.name] = value
        try:
            known = self.options()
            if setting.name == "output":
                find_sink(known.output)
        except BaseException:
            self.values = before
            raise
        if setting.switch and value == "no":
            del self.values[setting.name]

    def unset(self, name: str) -> None:
        """Put one back to what it was at first."""
        if name.startswith(PARAM):
            self.params.pop(_param_name(name), None)
            return
        self.values.pop(_find(name).name, None)

    def options(self) -> argparse.Namespace:
        """Return the options of `tracelang run` that the settings come to."""
        parser = build_parser()
        words: list[str] = []
        for name, value in self.values.items():
            setting = _find(name)
            if setting.flag and setting.switch:
                words += [setting.flag] if value == "yes" else []
            elif setting.flag:
                words += [setting.flag, value]
        known, _ = options.parse(parser, words)
        return known

    def launch_options(self, source: SourceFile) -> LaunchOptions:
        """Return what the settings say of a run of a script."""
        return options.launch_options(self.options(), self.params_of(source))

    def params_of(self, source: SourceFile) -> dict[str, str]:
        """Return the values for the params that a script has; none where it cannot be read."""
        if not self.params:
            return {}
        try:
            items = parse_script(source).items
        except DiagnosticError:
            return {}
        names = {item.name for item in items if isinstance(item, Param)}
        return {name: value for name, value in self.params.items() if name in names}

    @property
    def times(self) -> bool:
        """Whether to say how long each stage of a compilation takes."""
        return self.values.get(_TIMES) == "yes"

    def describe(self) -> Iterator[str]:
        """Yield a line for each setting: its name, its value where one is set, its meaning."""
        known = known_settings().values()
        width = max(len(setting.name) for setting in known) + 2
        for setting in known:
            value = self.values.get(setting.name)
            shown = f"is {value}: " if value is not None else ""
            yield f"  {setting.name:<{width}}{shown}{setting.help}"
        yield f"  {PARAM + 'NAME':<{width}}the value of the param NAME, in scripts that have it"
        for name, value in self.params.items():
            yield f"  {PARAM + name:<{width}}is {value}"


def known_settings() -> Mapping[str, Setting]:
    """Return every setting by its name."""
    found = {}
    for action in build_parser()._actions:
        if action.dest in _NOT_HERE:
            continue
        flag = action.option_strings[-1]
        # As it is written: what turns something off is not called by what it turns off.
        name = flag[2:] if flag.startswith("--") else action.dest
        choices = tuple(map(str, action.choices or ()))
        switch = action.nargs == 0
        found[name] = Setting(name, flag, switch, action.help or "", choices)
    about = "after each compilation, how long its stages took"
    found[_TIMES] = Setting(_TIMES, "", switch=True, help=about)
    return MappingProxyType(found)


def _find(name: str) -> Setting:
    known = known_settings()
    if name in known:
        return known[name]
    help_ = [*did_you_mean(nearest(name, known)), "`:set` alone shows all there are"]
    raise fail("U120", f"there is no setting `{name}`", help=help_)


def _param_name(name: str) -> str:
    """Return a param's name, written as in a script or as its option is."""
    found = name.removeprefix(PARAM).replace("-", "_")
    if found.isidentifier():
        return found
    raise fail("U120", f"`{name}` names no param", help=[f"write `:set {PARAM}NAME VALUE`"])


def _read_switch(value: str, name: str) -> str:
    if not value or value.lower() in _YES:
        return "yes"
    if value.lower() in _NO:
        return "no"
    raise fail("U121", f"`{name}` is yes or no, not `{value}`")
