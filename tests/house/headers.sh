#!/usr/bin/env bash
# Every header compiles alone and twice over; the public ones also as C++: headers.sh ROOT [CC] [CXX]
set -euo pipefail
# A room's library that is not where the system's are; without it, what includes it is left out.
librdkafka=$(sh "$(dirname "$0")/../../tools/librdkafka.sh" --where)
cd "$1"
cc=${2:-cc}
cxx=${3:-c++}
strict="-fsyntax-only -Wall -Wextra -Wpedantic -Wconversion -Werror -Iinclude -Isrc"
[ -z "$librdkafka" ] || strict="$strict -isystem $librdkafka/include"
bad=0
count=0
while read -r header; do
    [ -n "$librdkafka" ] || ! grep -q '<librdkafka/' "$header" || continue
    name=${header#include/}
    name=${name#src/}
    twice=$(printf '#include "%s"\n#include "%s"\nint unused_declaration;\n' "$name" "$name")
    # shellcheck disable=SC2086
    "$cc" -std=c11 -D_POSIX_C_SOURCE=200809L $strict -x c - <<<"$twice" || { echo "headers: $header does not stand alone" >&2; bad=1; }
    case $header in
    include/*)
        # shellcheck disable=SC2086
        "$cxx" -std=c++17 $strict -x c++ - <<<"$twice" || { echo "headers: $header is no C++" >&2; bad=1; }
        ;;
    esac
    count=$((count + 1))
done < <(find include src -name '*.h' | sort)
[ "$count" -gt 0 ] || { echo "headers: none found" >&2; exit 1; }
[ "$bad" -eq 0 ] && echo "$count headers stand alone"
exit "$bad"
