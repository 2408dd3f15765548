"""Named states that a YAML file starts from (`fixtures:` in it)."""

import shutil
import tempfile
from pathlib import Path
from typing import Any, ClassVar

from gabbi import fixture

from tests.deployment import Deployment


class _Current:
    """The deployment that the running file talks to."""

    deployment: ClassVar[Deployment | None] = None


def application() -> Any:
    """The WSGI application of the running file, looked up with each request."""

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        assert _Current.deployment is not None, "the file names no fixture"
        return _Current.deployment.app(environ, start_response)

    return app


class Empty(fixture.GabbiFixture):  # type: ignore[misc]
    """A deployment without any object."""

    flags: ClassVar[dict[str, Any]] = {}

    def start_fixture(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="wovenet-api-"))
        _Current.deployment = Deployment(f"sqlite:///{self.directory / 'db'}", self.directory, **self.flags)

    def stop_fixture(self) -> None:
        assert _Current.deployment is not None
        _Current.deployment.close()
        _Current.deployment = None
        shutil.rmtree(self.directory)
