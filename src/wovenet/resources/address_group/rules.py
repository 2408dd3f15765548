"""What addresses a group may have, and which of those that are asked for change it. Pure."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import netaddr

from wovenet.model import problems


def normalised(addresses: Iterable[Any]) -> list[str]:
    """The prefixes, host bits cleared and a length given, each once, by their text.

    Raises: AddrFormatError.
    """
    found = set()
    for address in addresses:
        try:
            if not isinstance(address, str):
                raise ValueError
            found.add(str(netaddr.IPNetwork(address).cidr))
        except (netaddr.AddrFormatError, ValueError) as error:
            raise problems.AddrFormatError(message=f"invalid IPNetwork {address}") from error
    return sorted(found)


def asked(body: Mapping[str, Any]) -> list[str]:
    """The prefixes that the body of a member action names. Raises: HTTPBadRequest, AddrFormatError."""
    addresses = body.get("addresses")
    if not isinstance(addresses, list):
        raise problems.HTTPBadRequest(message=f"Invalid input for addresses. Reason: '{addresses}' is not a list.")
    return normalised(addresses)


def check_new(group_id: str, present: Collection[str], addresses: Iterable[str]) -> None:
    """Nothing, if the group has none of `addresses`. Raises: AddressesAlreadyExist."""
    known = [address for address in addresses if address in present]
    if known:
        raise problems.AddressesAlreadyExist(addresses=known, address_group_id=group_id)


def check_present(group_id: str, present: Collection[str], addresses: Iterable[str]) -> None:
    """Nothing, if the group has all of `addresses`. Raises: AddressesNotFound."""
    missing = [address for address in addresses if address not in present]
    if missing:
        raise problems.AddressesNotFound(addresses=missing, address_group_id=group_id)
