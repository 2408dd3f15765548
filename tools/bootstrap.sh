#!/usr/bin/env bash
# The environment in $1: a virtual environment with the project and what its tests need. Quick if nothing changed.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$1
want=$(cat pyproject.toml tools/bootstrap.sh | cksum)
[ "$(cat "$venv/.wovenet" 2>/dev/null)" = "$want" ] && exit 0

python=
for candidate in "${PYTHON:-}" python3.11 python3.12 python3.13 python3; do
    if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || { echo "Python 3.11 or newer is needed: apt-get install python3" >&2; exit 1; }

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "installing python3-venv"
    [ "$(id -u)" = 0 ] || { echo "python3-venv is missing, and only root may install it" >&2; exit 1; }
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends python3-venv >/dev/null
fi

echo "making the environment in $venv (a minute or two the first time)"
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install -q --disable-pip-version-check -e '.[test]'
echo "$want" >"$venv/.wovenet"
