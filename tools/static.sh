#!/bin/sh
# Prints the folder of what the Flink job's native library is linked with besides Debian's static libraries, after making it
# where it is not there yet:
#
#     static.sh            libsimdjson.a: Debian has it as a shared library only, and the native library must need nothing but
#                          glibc where it is loaded
#     static.sh aarch64    the same for that machine, and Debian's static libraries and headers for it, in usr/. Without
#                          Debian's cross compiler (g++-aarch64-linux-gnu) it prints nothing
#
# simdjson is built from Debian's source of the very version whose header is installed; apt checks what it fetches.
#
# It goes to $RECON_CACHE, by default $XDG_CACHE_HOME/recon or ~/.cache/recon; a folder there is whole or not there at all,
# and is named after the version. Needs tools/packages-build.txt. CXX chooses the compiler.
set -eu
tools=$(cd "$(dirname "$0")" && pwd)
version=$(dpkg-query -W -f='${source:Version}' libsimdjson-dev)
machine=${1:-}
libraries='libyaml-dev libjansson-dev libsodium-dev libsnappy-dev zlib1g-dev libzstd-dev libxxhash-dev libcctz-dev
    libabsl-dev libsimdjson-dev' # as of packages-build.txt and packages-flink.txt
case $machine in
'') compiler=${CXX:-g++} ;;
aarch64)
    compiler=aarch64-linux-gnu-g++
    command -v "$compiler" >/dev/null || exit 0
    ;;
*)
    echo "usage: static.sh [aarch64]" >&2
    exit 2
    ;;
esac
cache=${RECON_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/recon}
folder=$cache/simdjson-$version-$("$compiler" -dumpmachine)
mkdir -p "$cache"
exec 9>"$cache/lock-static"
flock 9
if [ -d "$folder" ]; then
    echo "$folder"
    exit 0
fi

echo "recon: building a static simdjson $version in $folder" >&2
new=$folder.new
log=$cache/static.log
rm -rf "$new"
mkdir -p "$new/apt/lists/partial" "$new/apt/parts"
# The machine's own lists of Debian packages, asked for their source halves.
for list in /etc/apt/sources.list /etc/apt/sources.list.d/debian*; do
    case $list in
    *.sources) sed 's/^Types:.*/Types: deb-src/' "$list" >"$new/apt/parts/$(basename "$list")" ;;
    *.list) if [ -f "$list" ]; then sed 's/^deb /deb-src /' "$list" >>"$new/apt/parts/debian.list"; fi ;;
    esac
done
apt() {
    apt-get -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$new/apt/parts" \
        -o Dir::State::lists="$new/apt/lists" -o APT::Sandbox::User=root "$@"
}
build() { # each step must have gone well: sh -e does not hold within an if
    apt update && cd "$new/apt" && apt source --download-only "simdjson=$version" &&
        tar --strip-components=1 -xf simdjson_*.orig.tar.* &&
        "$compiler" -std=c++17 -O3 -fPIC -fvisibility=hidden -c singleheader/simdjson.cpp -o simdjson.o &&
        ar rcs ../libsimdjson.a simdjson.o || return
    # shellcheck disable=SC2086 # one word a package
    [ -z "$machine" ] || sh "$tools/unpack.sh" "$new" $libraries
}
if ! (build) >"$log" 2>&1 9>&-; then
    tail -n 30 "$log" >&2
    echo "recon: could not build a static simdjson; the whole output is in $log" >&2
    exit 2
fi
rm -rf "$new/apt"
mv -T "$new" "$folder"
echo "$folder"
