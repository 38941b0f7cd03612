#!/bin/sh
# SPDX-License-Identifier: MIT
# Writes every server event (and every frame of our small client) with the protocol's own test
# program and checks them against the published schemas.
#
#   check.sh <protocol_test program> <folder for the transcripts>
#
# Needs node, and the npm package ajv in the node_modules folder that AJV_FROM names. Without them
# the exit status is 77: skipped.
set -eu

if [ "$#" -ne 2 ]; then
  sed -n '3,9s/^# \{0,1\}//p' "$0"
  exit 2
fi
program=$1
folder=$2
spec=$(dirname "$0")

if ! command -v node >/dev/null || [ ! -d "${AJV_FROM:-/nonexistent}/ajv" ]; then
  echo "node or ajv is missing: the schema check is skipped"
  exit 77
fi

mkdir -p "$folder"
PARLEY_TRANSCRIPTS=$folder "$program" --test-case="*transcript for the schema check*"
for dialect in ga beta; do
  node "$spec/validate.mjs" --dialect "$dialect" --strict --presence "$folder/$dialect.jsonl"
done
node "$spec/validate.mjs" --quiet
