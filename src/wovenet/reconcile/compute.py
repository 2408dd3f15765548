"""The compute API, as far as it is told of events: where it is, who we are to it, and what its answers mean.

The options are those of `[nova]`, which keystoneauth reads: authentication, TLS, `region_name`, `endpoint_type` or
`valid_interfaces` choose an endpoint of the catalogue, `endpoint_override` names it. Source: Nova's API reference,
"Create external events".
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from wovenet.resources.port import events
from wovenet.resources.port.events import Event
from wovenet.settings import BadSettings
from wovenet.settings.load import BadValue
from wovenet.settings.options import Secret, boolean, seconds
from wovenet.settings.tree import RawGroup

LOG = logging.getLogger(__name__)

GROUP: Final = "nova"
TIMEOUT_S: Final = 10.0
"""How long compute may keep silent, unless `[nova] timeout` says otherwise."""

_PATH: Final = "/os-server-external-events"
_VERSION: Final = {"X-OpenStack-Nova-API-Version": "2.1"}
_OK: Final = 200
_NOT_FOUND: Final = 404
_LATER: Final = frozenset({401, 403, 408, 409, 425, 429})
"""What an operator, or time, may put right."""
_STATUS: Final = {events.PLUGGED: "completed", events.UNPLUGGED: "completed"}


class Away(Exception):  # noqa: N818
    """Compute cannot be told now. The text says why, and nothing that was sent."""


class Refused(Exception):  # noqa: N818
    """Compute will never take what it was told."""


class Compute:
    """See the module. One thread."""

    def __init__(self, groups: Mapping[str, RawGroup]) -> None:
        """Raises: BadSettings."""
        # 27 MB and 0.2 s, only for deployments that have a compute service
        from keystoneauth1 import adapter, exceptions, session

        self._failures: type[Exception] = exceptions.ClientException
        options = _plain(groups.get(GROUP, {}))
        try:
            own = session.Session(
                auth=_identity(options, groups),
                verify=not boolean(options.get("insecure", "false")) and (options.get("cafile") or True),
                cert=_certificate(options),
                timeout=seconds(options.get("timeout") or TIMEOUT_S),
            )
        except (exceptions.ClientException, ValueError) as error:
            raise BadSettings([BadValue("settings", GROUP, "auth_type", str(error))]) from error
        interfaces = [word.strip() for word in options.get("valid_interfaces", "").split(",") if word.strip()]
        self._api = adapter.Adapter(
            own,
            service_type=options.get("service_type") or "compute",
            service_name=options.get("service_name"),
            interface=interfaces or options.get("endpoint_type") or "public",
            region_name=options.get("region_name"),
            endpoint_override=options.get("endpoint_override"),
            user_agent="wovenet",
        )

    def tell(self, batch: Sequence[Event]) -> list[int]:
        """Compute has heard `batch`. Out: its code for each event that it has no use for: 404 for an unknown server.

        Raises: Away, Refused.
        """
        body = {"events": [_body(event) for event in batch]}
        try:
            answer = self._api.post(_PATH, json=body, headers=_VERSION, raise_exc=False, log=False)
        except self._failures as error:
            LOG.debug("compute cannot be told", exc_info=error)
            raise Away(f"the compute API cannot be asked: {type(error).__name__}") from error
        if answer.status_code < 300:
            return _codes(answer)
        if answer.status_code == _NOT_FOUND:  # none of the servers is known
            return [_NOT_FOUND] * len(batch)
        if answer.status_code in _LATER or not 400 <= answer.status_code < 500:
            raise Away(f"the compute API answers {answer.status_code}")
        raise Refused(f"the compute API answers {answer.status_code}")


def _body(event: Event) -> dict[str, str]:
    told = {"server_uuid": event.server_id, "name": event.name, "tag": event.port_id}
    return {**told, "status": _STATUS[event.name]} if event.name in _STATUS else told


def _codes(answer: Any) -> list[int]:
    """What is not 200 in an answer; an answer of another form says nothing of single events."""
    try:
        found = answer.json()["events"]
        codes = [each.get("code", _OK) for each in found]
    except (ValueError, LookupError, TypeError, AttributeError):
        return []
    return [code for code in codes if isinstance(code, int) and code != _OK]


def _identity(options: Mapping[str, str], groups: Mapping[str, RawGroup]) -> Any:
    """Who we are: a plugin of keystoneauth, from the group's options or those that its `auth_section` names."""
    from keystoneauth1 import loading

    section = options.get("auth_section")
    given = _plain(groups.get(section, {})) if section else options
    kind = given.get("auth_type") or ("password" if given.get("auth_url") else "none")

    def find(option: Any) -> str | None:
        names = (option.dest, *(former.dest for former in option.deprecated))
        return next((given[name] for name in names if given.get(name)), None)

    return loading.get_plugin_loader(kind).load_from_options_getter(find)


def _certificate(options: Mapping[str, str]) -> Any:
    files = options.get("certfile"), options.get("keyfile")
    return files if all(files) else files[0]


def _plain(group: RawGroup) -> dict[str, str]:
    return {name: value.reveal() if isinstance(value, Secret) else value for name, value in group.items()}
