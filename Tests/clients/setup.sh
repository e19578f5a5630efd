#!/usr/bin/env bash
# Gives each Python client its own environment: what <client>/requirements.txt names goes into .venv/<client> at the root of the
# checkout, together with the path of this folder, so that every script finds common.py. Done once, it takes milliseconds.
#
# Exit: 0 they are there, 1 one could not be installed (no network, no python3-venv): tests that need it then fail and say so.
set -euo pipefail
cd "$(dirname "$0")"
folder=$(pwd)
root=$(cd ../.. && pwd)/.venv

wanted() { sha256sum "$1/requirements.txt" setup.sh; echo "$folder"; }
installed() { [ -x "$root/$1/bin/python" ] && [ "$(cat "$root/$1/.requirements" 2>/dev/null)" = "$(wanted "$1")" ]; }

missing=()
for list in */requirements.txt; do
    if ! installed "${list%/*}"; then missing+=("${list%/*}"); fi
done
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi
# Two runs at once would damage each other's environments: the second waits, and finds them done.
exec 9>"${TMPDIR:-/tmp}/uns-diode-venv-$(id -u).lock"
flock 9
# One environment for all clients, as it once was.
if [ -e "$root/bin" ]; then rm -rf "$root"; fi
for client in "${missing[@]}"; do
    if installed "$client"; then continue; fi
    echo "setup: installing Tests/clients/$client/requirements.txt into .venv/$client"
    venv=$root/$client
    rm -rf "$venv"
    if ! python3 -m venv "$venv"; then
        echo "setup: python3 -m venv failed; the Debian package is python3-venv" >&2
        exit 1
    fi
    if ! "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$client/requirements.txt" </dev/null; then
        echo "setup: pip could not install Tests/clients/$client/requirements.txt, see above" >&2
        exit 1
    fi
    for packages in "$venv"/lib/python3*/site-packages; do echo "$folder" >"$packages/clients.pth"; done
    wanted "$client" >"$venv/.requirements"
done
