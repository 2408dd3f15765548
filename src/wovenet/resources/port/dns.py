"""The names that ports have inside their deployment's domain. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from wovenet.model import problems

Object = dict[str, Any]

LENGTH_MAX: Final = 255
DEFAULT_DOMAIN: Final = "openstacklocal"
"""A deployment that has set no domain of its own has no names of ports: what is asked for is dropped, as by the peer,
because compute services name every port if the API knows names at all."""
UNNAMED: Final[Mapping[str, str]] = {"dns_name": "", "dns_domain": ""}


def requested(values: Mapping[str, Any], domain: str) -> Object:
    """The names that `values` ask for, as a port keeps them in a deployment with this `domain`.

    Raises: HTTPBadRequest if the whole name would be too long, or is given and in another domain.
    """
    found = {name: values[name] for name in UNNAMED if name in values}
    if domain.removesuffix(".") in ("", DEFAULT_DOMAIN):
        return {name: UNNAMED[name] for name in found}
    if found.get("dns_name"):
        _check(found["dns_name"], domain)
    return found


def assignments(port: Mapping[str, Any], domain: str) -> Object:
    """`dns_assignment` of a port: each of its addresses and the names that lead there. Nothing if it is not loaded."""
    if "dns_name" not in port or "fixed_ips" not in port:
        return {}
    found = []
    for fixed_ip in port["fixed_ips"]:
        address = fixed_ip["ip_address"]
        hostname = port["dns_name"] or f"host-{address.replace('.', '-').replace(':', '-')}"
        found.append({"ip_address": address, "hostname": hostname, "fqdn": _whole(hostname, domain)})
    return {"dns_assignment": found}


def _whole(hostname: str, domain: str) -> str:
    if hostname.endswith(".") or not domain:
        return hostname
    return f"{hostname}.{domain.removesuffix('.')}."


def _check(name: str, domain: str) -> None:
    above = f".{domain.removesuffix('.')}."
    if not name.endswith("."):
        if len(name) + len(above) > LENGTH_MAX:
            raise _refused(
                f"The dns_name passed is a PQDN and its size is '{len(name)}'. The dns_domain option in neutron.conf "
                f"is set to {domain}, with a length of '{len(above)}'. When the two are concatenated to form a FQDN "
                f"(with a '.' at the end), the resulting length exceeds the maximum size of '{LENGTH_MAX}'"
            )
    elif len(name) <= len(above) or not name.endswith(above):
        raise _refused(
            "The dns_name passed is a FQDN. Its higher level labels must be equal to the dns_domain option in "
            f"neutron.conf, that has been set to '{domain}'. It must also include one or more valid DNS labels to the "
            f"left of '{domain}'"
        )


def _refused(reason: str) -> problems.HTTPBadRequest:
    return problems.HTTPBadRequest(message=f"Invalid input for dns_name. Reason: {reason}.")
