"""Everything that happens in the cluster, in the order in which it happened.

All kinds are watched from the start. Kubernetes keeps every object in one etcd, so the resource version of an event is
its place in one order over all kinds: what came first is read off, never guessed from clocks with a second's grain.
Scenarios wait on what was observed; nothing here polls.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeVar

from .api import Api, Object, Resource

T = TypeVar("T")


class TooLateError(AssertionError):
    """Something that was waited for did not happen in time."""


@dataclass(frozen=True, kw_only=True, order=True)
class Key:
    """What identifies an object across its versions."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class Event:
    """One change of one object."""

    #: etcd's revision: events of all kinds are ordered by it
    revision: int
    #: seconds on the monotonic clock, when it was seen
    at: float
    type: Literal["ADDED", "MODIFIED", "DELETED"]
    key: Key
    object: Object


class Observer:
    """Watches the API in the background and keeps what it saw."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._changed = threading.Condition()
        self._events: list[Event] = []
        self._objects: dict[Key, Object] = {}
        self._failure: Exception | None = None
        self._closed = False

    def start(self) -> None:
        """List every kind once and follow it from there."""
        for resource in self._api.resources():
            revision = self._list(resource)
            threading.Thread(target=self._follow, args=(resource, revision), daemon=True).start()

    def close(self) -> None:
        """Stop recording: what the API says while it is taken down is no news."""
        self._closed = True

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """An object as last seen, or None."""
        with self._changed:
            return self._objects.get(Key(kind=kind, namespace=namespace, name=name))

    def objects(self, kind: str, namespace: str = "") -> list[Object]:
        """All objects of a kind, by name; of one namespace if it is given."""
        with self._changed:
            found = [(key, found) for key, found in self._objects.items() if key.kind == kind]
        return [found for key, found in sorted(found, key=lambda pair: pair[0]) if namespace in ("", key.namespace)]

    def mark(self) -> int:
        """The place of the next event: pass it to `since`."""
        with self._changed:
            return len(self._events)

    def since(self, mark: int = 0) -> list[Event]:
        """The events after a mark, in etcd's order."""
        with self._changed:
            return sorted(self._events[mark:], key=lambda event: event.revision)

    def wait(self, what: str, probe: Callable[[], T | None], seconds: float) -> T:
        """What `probe` returns as soon as that is true; it is asked after each event.

        Raises:
            TooLateError: it was not true within the time.
        """
        end = time.monotonic() + seconds
        with self._changed:
            while not (answer := probe()):
                if self._failure:
                    raise self._failure
                if time.monotonic() > end:
                    raise TooLateError(f"not within {seconds:.0f} s: {what}")
                self._changed.wait(min(1.0, max(0.0, end - time.monotonic())))
            return answer

    def _list(self, resource: Resource) -> str:
        found = self._api.get(resource.path)
        for item in found["items"]:
            self._record("ADDED", resource.kind, item)
        revision: str = found["metadata"]["resourceVersion"]
        return revision

    def _follow(self, resource: Resource, revision: str) -> None:
        while not self._closed:
            try:
                for change in self._api.watch(resource.path, revision):
                    revision = change["object"]["metadata"]["resourceVersion"]
                    self._record(change["type"], resource.kind, change["object"])
            except Exception as error:  # noqa: BLE001 - a thread has no other way to tell
                self._fail(error)
                return

    def _record(self, kind_of_change: Literal["ADDED", "MODIFIED", "DELETED"], kind: str, item: Object) -> None:
        item.setdefault("kind", kind)  # lists leave it out of their items
        meta = item["metadata"]
        key = Key(kind=kind, namespace=meta.get("namespace", ""), name=meta["name"])
        meta.pop("managedFields", None)
        event = Event(
            revision=int(meta["resourceVersion"]), at=time.monotonic(), type=kind_of_change, key=key, object=item
        )
        with self._changed:
            self._events.append(event)
            if kind_of_change == "DELETED":
                self._objects.pop(key, None)
            else:
                self._objects[key] = item
            self._changed.notify_all()

    def _fail(self, error: Exception) -> None:
        with self._changed:
            if not self._closed:
                self._failure = error
                self._changed.notify_all()


def tracked_by(item: Object) -> str:
    """The name of the Application that applied an object, or the empty string.

    The tracking id names the object that it belongs to: copies of annotations on other objects do not count.
    https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/
    """
    meta = item["metadata"]
    application, _, rest = meta.get("annotations", {}).get("argocd.argoproj.io/tracking-id", "").partition(":")
    kind = rest.partition(":")[0].rpartition("/")[2]
    return application if kind == item.get("kind") and rest.endswith(f"/{meta['name']}") else ""


def of_kind(events: list[Event], kind: str, namespace: str) -> Iterator[Event]:
    """The events of one kind in one namespace."""
    return (event for event in events if event.key.kind == kind and event.key.namespace == namespace)
