#!/bin/sh
# run.sh NAME SECONDS FOLDER SEEDS PROGRAM…: fuzzes PROGRAM, a libFuzzer one, from SEEDS for SECONDS.
# Prints one line. Keeps in FOLDER: what it saw (NAME.log), the inputs that reached something new
# (NAME/), and findings (NAME-crash-…, NAME-oom-…, NAME-timeout-…). Exit status 1: a finding.
set -eu
name=$1 seconds=$2 folder=$3 seeds=$4
shift 4
mkdir -p "$folder/$name"
log=$folder/$name.log
status=0
"$@" "$folder/$name" "$seeds" -max_total_time="$seconds" -max_len=8192 -timeout=60 \
    -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$folder/$name-" \
    >"$log" 2>&1 || status=$?
inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
if [ "$status" -ne 0 ]; then
    echo "$name: FINDING: $(grep -m 1 -E 'does not hold|ERROR|Error' "$log" || echo "status $status"): $log"
    exit 1
fi
echo "$name: $inputs inputs in $seconds s, $edges edges reached, no finding"
