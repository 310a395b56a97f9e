#!/usr/bin/env bash
# What `make install` lays down works: install.sh BUILD_FOLDER SOURCE_FOLDER [CC]
#
# Installs to a folder of its own with DESTDIR; then a program is compiled against it with pkg-config, once with the
# shared library and once with the static one, and run; the command, its man page and completions are where they belong.
set -euo pipefail
build=$1
source=$2
cc=${3:-cc}
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
version=$(sed -nE 's/^project\(recon VERSION ([0-9.]+).*/\1/p' "$source/CMakeLists.txt")

DESTDIR=$stage cmake --install "$build" --prefix /opt/recon >"$stage/log"
root=$stage/opt/recon
library=$(dirname "$(find "$root" -name librecon.a)")

cat >"$stage/embed.c" <<'C'
#include <recon/engine.h>
#include <stdio.h>

int main(void)
{
    struct recon_settings settings;
    recon_settings_init(&settings);
    const char *what = NULL;
    if (recon_settings_check(&settings, &what) != RECON_ERROR_INVALID || what == NULL) {
        return 1; /* the interval has no default */
    }
    return puts(recon_status_text(RECON_OK)) < 0;
}
C
export PKG_CONFIG_PATH=$library/pkgconfig
[ "$(pkg-config --modversion recon)" = "$version" ]
# shellcheck disable=SC2046
"$cc" -o "$stage/shared" "$stage/embed.c" $(pkg-config --cflags --libs recon)
LD_LIBRARY_PATH=$library "$stage/shared"
# shellcheck disable=SC2046
"$cc" -o "$stage/static" "$stage/embed.c" $(pkg-config --cflags recon) "$library/librecon.a"
"$stage/static"

# The shared library exports what the public headers declare, and needs the C library alone.
exported=$(nm -D --defined-only "$library/librecon.so" | awk '$2 == "T" { sub("@.*", "", $3); print $3 }' | sort)
declared=$(sh "$source/cmake/exports.sh" "$source"/include/recon/*.h | sed -nE 's/^    (.*);/\1/p' | sort)
diff <(echo "$declared") <(echo "$exported")
needed=$(objdump -p "$library/librecon.so" | awk '$1 == "NEEDED" { print $2 }')
[ -z "$needed" ] || [ "$needed" = libc.so.6 ]

[ "$("$root/bin/recon" --version)" = "recon $version" ]
[ -s "$root/share/man/man1/recon.1" ]
bash -n "$root/share/bash-completion/completions/recon"
[ -s "$root/share/zsh/site-functions/_recon" ]

# Completion offers the commands, and a command's options.
offered() {
    # shellcheck disable=SC2034
    PATH=$root/bin:$PATH bash -c '
        . "$1/share/bash-completion/completions/recon"
        compopt() { :; }
        shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _recon; printf "%s\n" "${COMPREPLY[@]}"' _ "$root" recon "$@"
}
[ "$(offered ch)" = check ]
[ "$(offered check --out-o)" = --out-of-orderness ]
[ "$(offered check --results n)" = ndjson ]
echo "installed and usable"
