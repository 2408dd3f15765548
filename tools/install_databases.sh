#!/bin/sh
# Installs the servers that tests/databases.py starts for itself: PostgreSQL and MariaDB, without running services.
set -eu

servers_missing() {
    ! ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || ! command -v mariadbd >/dev/null 2>&1
}

servers_missing || exit 0

# The packages would start a server and create a cluster of their own; neither is wanted here.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi
mkdir -p /etc/postgresql-common/createcluster.d
echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/none.conf

export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -q -y --no-install-recommends postgresql mariadb-server-core mariadb-client-core
