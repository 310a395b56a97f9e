#!/bin/sh
# Unpacks Debian packages of arm64 into a folder, without installing them: unpack.sh FOLDER PACKAGE...
#
# The packages alone, not what they depend on. Asked for by the machine's own lists of Debian packages; apt checks what it
# fetches, and nothing of the machine is changed.
set -eu
folder=$1
shift
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
apt=$folder.apt
rm -rf "$apt"
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/parts"
trap 'rm -rf "$apt"' EXIT
for list in /etc/apt/sources.list /etc/apt/sources.list.d/debian*; do
    if [ -f "$list" ]; then cp "$list" "$apt/parts/"; fi
done
apt() {
    apt-get -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$apt/parts" -o Dir::State::lists="$apt/lists" \
        -o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root -o APT::Architecture=arm64 -o APT::Architectures=arm64 "$@"
}
apt update
cd "$apt/cache"
apt download "$@"
for package in ./*.deb; do
    dpkg-deb --extract "$package" "$folder"
done
