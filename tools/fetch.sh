#!/bin/sh
# Prints the folder of something that the tests need and Debian has not, after fetching it where it is not there yet:
#
#     fetch.sh python    a virtual environment: Debian's python3 and pytest, and a Kafka client
#     fetch.sh kafka     the jars of a Kafka broker
#     fetch.sh flink     a FLINK_HOME
#     fetch.sh promtool  the folder of promtool, of Debian's package prometheus, which would start a server if installed
#
# Exact versions, each checked against its checksum (pip's are in the tree, Maven takes the registry's). All of it goes to
# $RECON_CACHE, by default $XDG_CACHE_HOME/recon or ~/.cache/recon; a folder there is whole or not there at all, and its
# name changes with what should be in it. Needs tools/packages-flink.txt.
set -eu
cd "$(dirname "$0")/.."
what=${1:-}
case $what in
python) list=tests/kafka/requirements.txt ;;
kafka) list=tests/kafka/pom.xml ;;
flink) list=tests/flink/requirements.txt ;;
promtool) list=tools/packages-fetched.txt ;;
*)
    echo "usage: fetch.sh python|kafka|flink|promtool" >&2
    exit 2
    ;;
esac
cache=${RECON_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/recon}
mkdir -p "$cache"
exec 9>"$cache/lock-$what"
flock 9
folder=$cache/$what-$(sha256sum <"$list" | cut -c1-12)
case $what in
flink) home=$folder/pyflink ;;
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
pip_install() { PIP_DISABLE_PIP_VERSION_CHECK=1 "$@" --quiet --require-hashes --only-binary :all: --requirement "$list"; }
apt_update() { if [ "$(id -u)" -eq 0 ]; then apt-get -q update; else sudo apt-get -q update; fi; }
fetch() { # each step must have gone well: sh -e does not hold within an if
    case $what in
    python)
        /usr/bin/python3 -m venv --system-site-packages "$new" &&
            pip_install "$new/bin/python" -m pip install
        ;;
    kafka)
        mvn --batch-mode --strict-checksums --file "$list" \
            org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
            -DincludeScope=runtime -DoutputDirectory="$new"
        ;;
    promtool)
        mkdir "$new" && (cd "$new" && { apt-get -q download prometheus || { apt_update && apt-get -q download prometheus; }; } &&
            dpkg-deb --fsys-tarfile prometheus_*.deb | tar -xf - ./usr/bin/promtool && rm prometheus_*.deb)
        ;;
    flink)
        # Two packages unpacked into one folder are a whole Flink; what they depend on is for its Python interface.
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
