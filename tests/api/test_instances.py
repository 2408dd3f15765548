"""Two deployments with other settings in one process know nothing of each other (F-07)."""

from pathlib import Path

from tests.deployment import deployment


def test_settings_belong_to_an_instance(tmp_path: Path) -> None:
    directories = [tmp_path / name for name in ("first", "second")]
    for directory in directories:
        directory.mkdir()
    (directories[1] / "users").touch(mode=0o600)
    with deployment(directories[0]) as first, deployment(directories[1], auth="basic") as second:
        assert first.settings is not second.settings
        network = first.client.make("/v2.0/networks", {"network": {"name": "only here"}})
        assert first.client.ask("GET", "/v2.0/networks").body["networks"][0]["id"] == network["id"]
        assert second.client.ask("GET", "/v2.0/networks").status == 401
        assert first.client.ask("GET", "/v2.0/networks").status == 200
