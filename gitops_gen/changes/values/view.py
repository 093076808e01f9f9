"""The environments of a change of values, as they are and as they become."""

from collections.abc import Iterator
from typing import Any

from gitops_gen.changes.values.assignments import Known
from gitops_gen.changes.values.places import ValueSource, ValueSources
from gitops_gen.changes.values.targets import Selection, target_of, targeted
from gitops_gen.changes.values.value_changes import ValueChange, spoken_type
from gitops_gen.errors import ProblemsError, UsageError
from gitops_gen.models.layout import PROJECT_FILE, VALUES_FILE
from gitops_gen.names import did_you_mean
from gitops_gen.project.environment import ChartSource, ResolvedEnvironment
from gitops_gen.project.layers import Values, merge
from gitops_gen.project.opening import OpenProject
from gitops_gen.yaml.key_paths import KeyPath, leaves, typed_key, value_at
from gitops_gen.yaml.reader import load


class View:
    """The environments that are meant, the places that their values come from, and what was edited in these."""

    def __init__(self, opened: OpenProject, target: Selection) -> None:
        """Raises `UsageError` for a target that means no environment."""
        self.opened, self.target = opened, target
        self.environments = list(targeted(opened, target))
        self.places = ValueSources(opened)
        for environment in self.environments:
            self.places.know(environment)
        self.before = {environment.name: self.places.merged(environment) for environment in self.environments}
        self._defaults: dict[ChartSource, Values] = {}
        self._declared: dict[ChartSource, Values] = {}
        #: the key, the environment, the file that was edited, and the one that the key was in before it was moved
        self._edits: dict[tuple[KeyPath, str, str, str], None] = {}

    def edited(self, path: KeyPath, environment: ResolvedEnvironment, place: ValueSource, moved_from: str = "") -> None:
        """Note what is shown afterwards."""
        self._edits[path, environment.name, place.file, moved_from] = None

    def chart_values(self, environment: ResolvedEnvironment) -> Values:
        """The chart's own values; empty for a chart that is not pulled."""
        source, charts = environment.chart, self.opened.charts
        if source not in self._defaults:
            self._defaults[source] = charts.defaults(source) if charts.places.pinned.is_available(source) else {}
        return self._defaults[source]

    def known(self, environment: ResolvedEnvironment) -> Known:
        """What is known about the keys of an environment, as it was before the change."""
        charts, source = self.opened.charts, environment.chart
        return Known(
            schema=charts.chart(source).schema if charts.places.pinned.is_available(source) else None,
            defaults=self.chart_values(environment),
            current=self.before[environment.name],
            declared=self._declared_values(environment),
        )

    def _declared_values(self, environment: ResolvedEnvironment) -> Values:
        """The chart's own values with the nulls of its values.yaml, where that is a file here."""
        source = environment.chart
        if source not in self._declared:
            self._declared[source] = merge(self._values_file(source), self.chart_values(environment))
        return self._declared[source]

    def _values_file(self, source: ChartSource) -> Values:
        try:
            values = load(self.opened.charts.places.folders.values_text(source), f"{source.path}/{VALUES_FILE}")
        except ProblemsError:
            return {}
        return values if isinstance(values, dict) else {}

    def visible(self, environment: ResolvedEnvironment, place: ValueSource) -> Values:
        """What a place and all below it make of the values, the chart's own among them."""
        upto = None if self.target.environment or not place.file.endswith(PROJECT_FILE) else place
        return merge(self.chart_values(environment), self.places.merged(environment, upto))

    def changes(self) -> Iterator[ValueChange]:
        """Each edited key of each environment, before and after."""
        after = {environment.name: self.places.merged(environment) for environment in self.environments}
        charts = {environment.name: self.chart_values(environment) for environment in self.environments}
        for path, name, file, moved_from in self._edits:
            chart = {} if moved_from else charts[name]
            old, new = _value(chart, self.before[name], path), _value(chart, after[name], path)
            yield ValueChange(
                environment=name,
                key=typed_key(path),
                old=old[1],
                old_type=spoken_type(old),
                new=new[1],
                new_type=spoken_type(new),
                file=file,
                moved_from=moved_from,
            )

    def nothing_set(self, path: KeyPath, verb: str, file: str = "") -> UsageError:
        """Why there is nothing to remove or move at a key (in the environments' `file` only), and what does set it.

        `verb` is the option that was typed.
        """
        key = typed_key(path)
        here = f"{file} of {self.target.described}" if file else self.target.described
        for environment in self.environments:
            for place in self.places.of(environment):
                if self.places.sets(place, path):
                    where = f"{place.name} ({place.file}) sets it for {environment.name}"
                    other = target_of(place, environment)
                    typed = f"`gitops-gen set {other} {verb} {key}`" if other else f"change it in {place.file}"
                    return UsageError(f"no value `{key}` in {here}: {where}", f"to change it there: {typed}")
        return self._unset_anywhere(path, key, here)

    def _unset_anywhere(self, path: KeyPath, key: str, here: str) -> UsageError:
        environment = self.environments[0]
        if value_at(environment.values, path)[0]:
            return UsageError(f"`{key}` comes from `inject` in {PROJECT_FILE}", "change it there")
        if value_at(self.chart_values(environment), path)[0]:
            hint = f"only the chart's default sets it; use `{key}=null` to remove it"
            return UsageError(f"no value `{key}` in {here}", hint)
        known = {typed_key(leaf) for item in self.environments for leaf in leaves(self.before[item.name])}
        return UsageError(f"no value `{key}` in {here}", did_you_mean(key, known) if known else "")


def _value(defaults: Values, overrides: Values, path: KeyPath) -> tuple[bool, Any]:
    """The value that an environment has: what is set, over what the chart has."""
    own, default = value_at(overrides, path), value_at(defaults, path)
    if own[0] and isinstance(own[1], dict) and isinstance(default[1], dict):
        return True, merge(default[1], own[1])
    return own if own[0] or _hidden(overrides, path) else default


def _hidden(overrides: Values, path: KeyPath) -> bool:
    """Whether a value that is not a map is on the path, so that the chart's default is hidden."""
    current: Any = overrides
    for step in path:
        if not isinstance(current, dict):
            return True
        if step not in current:
            return False
        current = current[step]
    return False
