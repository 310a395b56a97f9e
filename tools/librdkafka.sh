#!/bin/sh
# Prints the folder of a static librdkafka (include/, lib/), after building it where it is not there yet: Debian's is older
# than what the service needs. Its sources are within an npm package, of which nothing else is used.
#
#     librdkafka.sh           prints the folder; builds it first if need be
#     librdkafka.sh --where   prints the folder if it is there, and nothing otherwise
#
# An exact version, checked against its checksum. It goes to $RECON_CACHE, by default $XDG_CACHE_HOME/recon or
# ~/.cache/recon; a folder there is whole or not there at all, and its name changes with what should be in it. Needs
# tools/packages-build.txt and tools/packages-kafka.txt. CC chooses the compiler.
set -eu
package=node-rdkafka@3.6.1 # librdkafka 2.12.0
sha512=b1fa536eb4f7e78dbd72cd1113c61bf5abc65fd062451be957b6b0790b2084a4e3b6b5593f78c1aca38f22d59702a1dbf1da328774a4b86b945412e08a0d5246
cache=${RECON_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/recon}
compiler=${CC:-cc}
folder=$cache/librdkafka-$({
    "$compiler" -dumpmachine
    cat "$0"
} 2>/dev/null | sha256sum | cut -c1-12)
if [ -d "$folder" ]; then
    echo "$folder"
    exit 0
fi
[ "${1:-}" != --where ] || exit 0
if ! command -v npm >/dev/null; then
    echo 'recon: no librdkafka; for recon run: sh tools/packages.sh $(cat tools/packages-kafka.txt) && make build' >&2
    exit 2
fi
mkdir -p "$cache"
exec 9>"$cache/lock-librdkafka"
flock 9
if [ -d "$folder" ]; then
    echo "$folder"
    exit 0
fi

echo "recon: building librdkafka in $folder (two minutes)" >&2
new=$folder.new
log=$cache/librdkafka.log
rm -rf "$new"
mkdir -p "$new/source"
build() { # each step must have gone well: sh -e does not hold within an if
    cd "$new/source" && npm pack --silent --ignore-scripts "$package" &&
        echo "$sha512  $(ls ./*.tgz)" | sha512sum --check &&
        tar --strip-components=3 -xf ./*.tgz package/deps/librdkafka &&
        cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER="$compiler" \
            -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_INSTALL_PREFIX="$new" -DCMAKE_INSTALL_LIBDIR=lib \
            -DRDKAFKA_BUILD_STATIC=ON -DRDKAFKA_BUILD_EXAMPLES=OFF -DRDKAFKA_BUILD_TESTS=OFF -DWITH_PLUGINS=OFF \
            -DWITH_ZLIB=ON -DWITH_ZSTD=ON -DWITH_SSL=ON -DWITH_SASL=ON -DWITH_CURL=ON -DENABLE_LZ4_EXT=OFF &&
        cmake --build build --target rdkafka -j 2 && mkdir "$new/lib" "$new/include" "$new/include/librdkafka" &&
        cp build/src/librdkafka.a "$new/lib/" && cp src/rdkafka.h "$new/include/librdkafka/" && cp LICENSES.txt "$new/"
}
if ! (build) >"$log" 2>&1 9>&-; then
    tail -n 30 "$log" >&2
    echo "recon: could not build librdkafka; the whole output is in $log" >&2
    exit 2
fi
rm -rf "$new/source"
mv -T "$new" "$folder"
echo "$folder"
