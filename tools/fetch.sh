#!/bin/sh
# Prints the folder of something that the tests need and Debian has not, after fetching it where it is not there yet:
#
#     fetch.sh python      a virtual environment: Debian's python3 and pytest, and a Kafka client
#     fetch.sh kafka       the jars of a Kafka broker
#     fetch.sh kafka-streams   the jars of Kafka Streams, for a bench
#     fetch.sh registry    a schema registry
#     fetch.sh flink-2.2   a FLINK_HOME of that line; likewise flink-1.20
#     fetch.sh promtool    the folder of promtool, of Debian's package prometheus, which would start a server if installed
#     fetch.sh java-aarch64   a home of Debian's Java for that machine, its bin/java run by qemu
#
# Exact versions, each checked against its checksum (pip's are in the tree, Maven takes the registry's, apt the
# distribution's). All of it goes to
# $RECON_CACHE, by default $XDG_CACHE_HOME/recon or ~/.cache/recon; a folder there is whole or not there at all, and its
# name changes with what should be in it. Needs tools/packages-flink.txt.
set -eu
cd "$(dirname "$0")/.."
what=${1:-}
case $what in
python) list=tests/kafka/requirements.txt ;;
kafka) list=tests/kafka/pom.xml ;;
kafka-streams) list=bench/kafka/streams.xml ;;
registry) list=tests/kafka/registry.txt ;;
java-aarch64) list=tests/flink/java-aarch64.txt ;;
flink-2.2 | flink-1.20) list=tests/flink/requirements-${what#flink-}.txt ;;
promtool) list=tools/packages-fetched.txt ;;
*)
    echo "usage: fetch.sh python|kafka|kafka-streams|registry|flink-2.2|flink-1.20|promtool|java-aarch64" >&2
    exit 2
    ;;
esac
cache=${RECON_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/recon}
mkdir -p "$cache"
exec 9>"$cache/lock-$what"
flock 9
folder=$cache/$what-$(sha256sum <"$list" | cut -c1-12)
case $what in
flink-*) home=$folder/pyflink ;;
promtool) home=$folder/usr/bin ;;
*) home=$folder ;;
esac
if [ -d "$folder" ]; then
    echo "$home"
    exit 0
fi

echo "recon: fetching what $list names into $folder" >&2
new=$folder.new
rm -rf "$new"
log=$cache/fetch-$what.log
sources=
pip_install() {
    # shellcheck disable=SC2086 # one word an option
    PIP_DISABLE_PIP_VERSION_CHECK=1 "$@" --quiet --require-hashes --only-binary :all: $sources --requirement "$list"
}
apt_update() { if [ "$(id -u)" -eq 0 ]; then apt-get -q update; else sudo apt-get -q update; fi; }
fetch() { # each step must have gone well: sh -e does not hold within an if
    case $what in
    python)
        /usr/bin/python3 -m venv --system-site-packages "$new" &&
            pip_install "$new/bin/python" -m pip install
        ;;
    kafka | kafka-streams)
        mvn --batch-mode --strict-checksums --file "$list" \
            org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
            -DincludeScope=runtime -DoutputDirectory="$new"
        ;;
    registry)
        # Without a project the plugin leaves its notes in the folder that it is called in.
        artifact=$(cat "$list") && mkdir "$new" && (cd "$new" && mvn --batch-mode --strict-checksums \
            org.apache.maven.plugins:maven-dependency-plugin:3.6.1:unpack -Dartifact="$artifact" -DoutputDirectory="$new")
        ;;
    java-aarch64)
        # shellcheck disable=SC2046 # one word a package
        sh tools/unpack.sh "$new" $(cat "$list") && java=usr/lib/jvm/java-17-openjdk-arm64 && mkdir "$new/bin" &&
            cp "$new/$java/release" "$new/" && cat >"$new/bin/java" <<EOF && chmod +x "$new/bin/java"
#!/bin/sh
exec qemu-aarch64-static -L $folder $folder/$java/bin/java "\$@"
EOF
        ;;
    promtool)
        mkdir "$new" && (cd "$new" && { apt-get -q download prometheus || { apt_update && apt-get -q download prometheus; }; } &&
            dpkg-deb --fsys-tarfile prometheus_*.deb | tar -xf - ./usr/bin/promtool && rm prometheus_*.deb)
        ;;
    flink-*)
        # Two packages unpacked into one folder are a whole Flink; what they depend on is for its Python interface. The
        # jars of 1.20 are published as a source package alone, which holds them as they are and is only unpacked.
        [ "$what" != flink-1.20 ] || sources='--no-binary apache-flink-libraries --no-build-isolation'
        python=$(sh tools/fetch.sh python) &&
            pip_install "$python/bin/python" -m pip install --no-deps --no-compile --no-cache-dir --target "$new" &&
            rm -rf "$new/pyflink/examples" "$new/apache_flink.libs"
        ;;
    esac
}
if ! fetch >"$log" 2>&1 9>&-; then
    tail -n 30 "$log" >&2
    echo "recon: could not fetch what $list names; the whole output is in $log" >&2
    exit 2
fi
mv -T "$new" "$folder"
echo "$home"
