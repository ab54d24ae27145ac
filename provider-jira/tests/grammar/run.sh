#!/usr/bin/env bash
# What the query builder writes, parsed by Atlassian's own grammar. Usage: run.sh FOLDER, into which the grammar is installed.
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! command -v npm > /dev/null || ! command -v node > /dev/null; then
    echo 'skipped: there is no node or npm, and so no grammar to parse queries with'
    exit 0
fi
mkdir -p "$1"
folder="$(cd "$1" && pwd)"
[ -d "$folder/node_modules/@atlaskit/jql-ast" ] || npm install --silent --no-audit --no-fund --ignore-scripts \
    --prefix "$folder" @atlaskit/jql-parser@3.0.1 @atlaskit/jql-ast@4.0.0
JQL_GRAMMAR="$folder" cargo test --quiet --locked -p provider-jira --all-features --test it grammar:: -- --nocapture
