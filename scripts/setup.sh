#!/bin/sh
# Set-up of a checkout: what the host lacks, by apt; .venv, by pip; both as they are configured on this machine.
#   setup.sh run    what `make run` needs
#   setup.sh test   that, and what checking and testing need
# The Makefile calls it only when something it depends on changed, so a second `make run` comes here no more.
set -eu
cd "$(dirname "$0")/.."
what=${1:?run or test}

# Two at once (two terminals, two targets of make -j) would install into each other's .venv.
exec 9<.
flock 9

say() { echo "set-up: $*" >&2; }

# The python3 of PATH when it will do (a developer may have a newer one first), else the system's.
good() { "$1" -c 'import sys, venv, tomllib; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
whole() { good "$1" && "$1" -c 'import ensurepip' 2>/dev/null; }
if whole python3; then python=python3
elif good /usr/bin/python3; then python=/usr/bin/python3 # lacks at most ensurepip, which is installed below
else
    say "python3 is missing, older than 3.11, or has not all of its own library"
    say "as root: apt-get install python3   (Debian 12 or newer)"
    exit 3
fi

groups='--for setup --for build --for iso' # iso: the default appliance is one
extra=
if [ "$what" = test ]; then
    groups="$groups --for develop --for boot --for disk --for kadeploy"
    extra='[dev]'
fi
# shellcheck disable=SC2086 # several words on purpose
"$python" -m wizard doctor --install --quiet $groups

if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
fi
say "installing the Python packages into .venv"
if ! .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable ".$extra"; then
    say "pip could not install them: its own message is above"
    say "it uses the package index that pip is configured for on this machine (.venv/bin/python -m pip config list)"
    exit 3
fi

touch .venv/ready-for-run
if [ "$what" = test ]; then touch .venv/ready-for-test; fi
