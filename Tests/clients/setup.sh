#!/usr/bin/env bash
# Puts the Python clients of requirements.txt into .venv at the root of the checkout. Done once, it takes milliseconds.
#
# Exit: 0 they are there, 1 they could not be installed (no network, no python3-venv): tests that need them then fail and say so.
set -euo pipefail
cd "$(dirname "$0")"
venv=../../.venv
stamp=$venv/.requirements
want=$(sha256sum requirements.txt setup.sh)

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ] && [ -x "$venv/bin/python" ]; then exit 0; fi
echo "setup: installing the Python clients of Tests/clients/requirements.txt into .venv"
# Two runs at once would damage each other's environment: the second waits, and finds it done.
exec 9>"${TMPDIR:-/tmp}/uns-diode-venv-$(id -u).lock"
flock 9
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; then exit 0; fi
rm -rf "$venv"
if ! python3 -m venv "$venv"; then
    echo "setup: python3 -m venv failed; the Debian package is python3-venv" >&2
    exit 1
fi
if ! "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r requirements.txt </dev/null; then
    echo "setup: pip could not install Tests/clients/requirements.txt, see above" >&2
    exit 1
fi
printf '%s\n' "$want" >"$stamp"
