#!/usr/bin/env bash
# The engine is pure: purity.sh ARCHIVE
#
# 1. What the archive needs from outside is in the list below: it can't read a clock, a file or a random number, start a
#    thread, or take memory but from the allocator that it was given.
# 2. It has no data that can be written, so no global state.
set -euo pipefail
archive=$1
# bcmp is what clang makes of 'memcmp(...) == 0'; __stack_chk_fail and *_chk are what a distribution's hardening makes of the rest.
allowed='memcpy memmove memset memcmp bcmp __assert_fail __stack_chk_fail __memcpy_chk __memmove_chk __memset_chk _GLOBAL_OFFSET_TABLE_'

# Not nm, which shows what the compiler's plugin makes of objects for link-time optimisation: calls of memcpy are no symbols there.
symbols=$(readelf --wide --symbols "$archive" | awk '$5 ~ /^(GLOBAL|WEAK)$/ { print $7 == "UND" ? "U" : "T", $8 }')
defined=$(awk '$1 == "T" { print $2 }' <<<"$symbols" | sort -u)
if [ -z "$defined" ]; then
    echo "purity: $archive defines nothing: not what was meant to be looked at" >&2
    exit 1
fi
needed=$(awk '$1 == "U" { print $2 }' <<<"$symbols" | sort -u)
foreign=$(comm -23 <(echo "$needed") <(echo "$defined"))
bad=0
for symbol in $foreign; do
    case " $allowed " in
    *" $symbol "*) ;;
    *)
        echo "purity: the core needs '$symbol', which is not in the allow-list" >&2
        bad=1
        ;;
    esac
done
# Sections that can be written and hold anything. (.data.rel.ro is constant tables of addresses: not writable once loaded.)
writable=$("${OBJDUMP:-objdump}" -h "$archive" | awk '
    / file format / { file = $1 }
    $2 ~ /^\.(data|bss|tdata|tbss)/ && $2 !~ /^\.data\.rel\.ro/ && $3 !~ /^0+$/ { print file $2 }')
for section in $writable; do
    echo "purity: global state in $section" >&2
    bad=1
done
[ "$bad" -eq 0 ] && echo "pure: $(wc -w <<<"$foreign") symbols from outside, all allowed; no global state"
exit "$bad"
