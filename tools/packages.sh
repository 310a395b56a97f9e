#!/bin/sh
# Installs the Debian packages named as arguments, those that are missing and no others. Used by ./demo and ./check.
#
# Needs apt, and root or sudo only where something is missing. Ends with status 2 and a message that names the mend.
set -eu

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "recon: this is not Debian (no dpkg-query): install what these packages hold, then 'make build':" >&2
    echo "  $*" >&2
    exit 2
fi

missing=
for package in "$@"; do
    # Where npm came with a Node that is not Debian's, Debian's would be in its way.
    if [ "$package" = npm ] && command -v npm >/dev/null 2>&1; then
        continue
    fi
    case $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || :) in
    installed*) ;;
    *) missing="$missing $package" ;;
    esac
done
if [ -z "$missing" ]; then
    exit 0
fi

if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1; then
    as_root=sudo
else
    echo "recon: neither root nor sudo here. As root, run this and then the same command again:" >&2
    echo "  apt-get update && apt-get install --no-install-recommends$missing" >&2
    exit 2
fi

echo "recon: installing from Debian:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
    if ! $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@" >"$log" 2>&1; then
        cat "$log" >&2
        echo "recon: 'apt-get $1' failed; its own words are above" >&2
        exit 2
    fi
}
apt update
# shellcheck disable=SC2086 # one word a package
apt install --no-install-recommends $missing
echo "recon: installed"
