#!/bin/sh
# The linker's version script for librecon: what the headers given declare as functions. exports.sh HEADER...
echo 'RECON {'
echo '  global:'
# A declaration begins a line; its name stands before the first parenthesis.
sed -nE '/^(typedef|static|#| |\*|\/)/!s/^[A-Za-z].*[ *](recon_[a-z0-9_]+)\(.*/    \1;/p' "$@" | sort -u
echo '  local: *;'
echo '};'
