#!/bin/sh
# Print the first Python >= 3.11 that can make a virtual environment. PYTHON=... in the environment overrides the search.
set -eu

is_suitable() {
    "$1" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

if [ -n "${PYTHON:-}" ]; then
    if is_suitable "$PYTHON"; then
        echo "$PYTHON"
        exit 0
    fi
    echo "PYTHON=$PYTHON is not a Python 3.11 or newer with the modules venv and ensurepip; name another one." >&2
    exit 1
fi

find_suitable() {
    for candidate in python3.11 python3.12 python3.13 python3.14 python3; do
        if is_suitable "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

find_suitable && exit 0

# Debian parts venv from Python.
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing python3 and python3-venv ..." >&2
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3 python3-venv >&2
    find_suitable && exit 0
fi
echo "No Python 3.11 or newer with the module venv was found. On Debian: sudo apt-get install python3 python3-venv" >&2
exit 1
