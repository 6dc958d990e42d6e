#!/bin/sh
# What `make test` runs: system packages that are missing (as root on Debian), the checks, the tests.
set -eu

# Hundreds of processes are started: each would compile every module anew.
unset PYTHONDONTWRITEBYTECODE

packages=""
need() { command -v "$1" >/dev/null 2>&1 || packages="$packages $2"; }
need redis-server redis-server
need chromium-headless-shell chromium-headless-shell # half the processor time of chromium, which will do
need nginx nginx-light
PATH="$PATH:/usr/sbin" need logrotate logrotate
need haproxy haproxy
need curl curl
need openssl openssl
need sqlite3 sqlite3
PATH="$PATH:/usr/sbin" need ip iproute2
need unshare util-linux
need nsenter util-linux
PATH="$PATH:/usr/sbin" need keepalived keepalived
need prometheus prometheus
need php php-cli
PATH="$PATH:/usr/sbin" need bearerbox kannel
need systemd-socket-activate systemd
PATH="$PATH:/usr/sbin" need slapd slapd
[ -n "$(ls /usr/lib/postgresql/*/bin/postgres 2>/dev/null)" ] || need postgres postgresql
PATH="$PATH:/usr/sbin" need samba "samba samba-dsdb-modules samba-vfs-modules samba-ad-provision"
"$PYTHON" -c "import ldap" 2>/dev/null || [ -e /usr/include/ldap.h ] || packages="$packages libldap-dev libsasl2-dev"
[ -e /usr/lib/nginx/modules/ngx_http_js_module.so ] || packages="$packages libnginx-mod-http-js"
[ -e /usr/lib/nginx/modules/ngx_stream_module.so ] || packages="$packages libnginx-mod-stream"

if [ -n "$packages" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing$packages …"
    # A service that the packages start would listen on ports of this machine: none is started.
    policy=/usr/sbin/policy-rc.d
    made=""
    if [ ! -e "$policy" ]; then printf '#!/bin/sh\nexit 101\n' >"$policy"; chmod 755 "$policy"; made=1; fi
    apt-get update -qq >/dev/null 2>&1 || true
    install() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" >/dev/null; }
    # One by one: a release may lack one of them.
    for package in $packages; do
        install "$package" || { [ "$package" = chromium-headless-shell ] && install chromium; } ||
            echo "$package could not be installed."
    done
    [ -z "$made" ] || rm -f "$policy"
fi

# The one dependency that is built: an extra, so that nobody else needs a compiler.
if ! "$PYTHON" -c "import ldap" 2>/dev/null && [ -e /usr/include/ldap.h ]; then
    "$PYTHON" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/ldap.lock ||
        echo "python-ldap could not be built."
fi

bin=$(dirname "$PYTHON")
"$bin/ruff" format --check --quiet .
"$bin/ruff" check --quiet .
"$bin/lint-imports" >/dev/null || "$bin/lint-imports"
"$bin/mypy"
# Three workers on two cores: a third works while the others wait for what they have started.
# A file stays on one worker, so that its gateway is started once, and files keep their order, so that
# what a directory shares is. (loadgroup of pytest-xdist 3.8 groups nothing under pytest 9.2: node ids
# became objects.)
exec "$PYTHON" -m pytest -q -n "${WORKERS:-3}" --dist loadfile --no-loadscope-reorder -m "not drill" "$@"
