# SPDX-License-Identifier: MIT
# Shared by the scripts beside it: source it, do not run it.

called_from=$PWD
script_file=$(realpath "${BASH_SOURCE[-1]}")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
project_dir=$PWD

# Prints the command, then runs it.
run() {
  printf '+ %s\n' "$*" >&2
  "$@"
}

fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# The comment block at the top of a script is its help.
help() {
  sed -n '3,/^[^#]/{s/^# \{0,1\}//p}' "$script_file"
}

# The value of an option: need_value "$@" fails clearly when it is missing.
need_value() {
  [ $# -ge 2 ] || fail "$1 needs a value"
}
