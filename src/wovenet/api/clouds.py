"""`clouds.yaml`: how openstackclient and openstacksdk find this deployment and log in."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from wovenet.api.users import Credential, write_private

FILE: Final = "clouds.yaml"
"""Name of the file in the state directory."""
ADMIN: Final = "wovenet"
"""The cloud of the user `admin`, and of everybody without authentication."""


def publish_basic(file: Path, url: str, made: Sequence[Credential]) -> None:
    """`file` has a cloud for every user just `made`, and those that it has already point to `url`.

    Passwords of earlier users stay as they are in the file; clouds of others are left alone.
    """
    document = _read(file)
    clouds = document["clouds"]
    for credential in made:
        auth = {"username": credential.name, "password": credential.password.reveal()}
        clouds[_cloud(credential.name)] = {"auth_type": "http_basic", "auth": auth}
    for name, cloud in clouds.items():
        if _is_ours(name) and isinstance(cloud, dict) and cloud.get("auth_type") == "http_basic":
            cloud.setdefault("auth", {})["endpoint"] = url
    _write(file, document)


def change_password(file: Path, credential: Credential) -> None:
    """The cloud of this user, if `file` has one, has the new password."""
    document = _read(file)
    cloud = document["clouds"].get(_cloud(credential.name))
    if isinstance(cloud, dict) and cloud.get("auth_type") == "http_basic":
        cloud.setdefault("auth", {})["password"] = credential.password.reveal()
        _write(file, document)


def publish_noauth(file: Path, url: str) -> None:
    """`file` has a cloud that asks nobody's name."""
    document = _read(file)
    document["clouds"][ADMIN] = {"auth_type": "none", "auth": {"endpoint": url}}
    _write(file, document)


def _cloud(user: str) -> str:
    return ADMIN if user == "admin" else f"{ADMIN}-{user}"


def _is_ours(cloud: str) -> bool:
    return cloud == ADMIN or cloud.startswith(f"{ADMIN}-")


def _read(file: Path) -> dict[str, Any]:
    """The document, or an empty one."""
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, yaml.YAMLError):
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("clouds"), dict):
        return {"clouds": {}}
    return document


def _write(file: Path, document: dict[str, Any]) -> None:
    write_private(file, "# Read by openstackclient and openstacksdk.\n" + yaml.safe_dump(document, sort_keys=False))
