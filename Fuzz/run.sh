#!/bin/sh
# Feeds hostile bytes to every fuzz target, or to those named, FUZZ_SECONDS (60) each.
#
#   Fuzz/run.sh                    all targets
#   Fuzz/run.sh FuzzFrame          one
#
# Inputs that found something new are kept in Fuzz/.build/corpus. An input that crashes a target is written to Fuzz/.build/crashes:
# fix the defect, and put the input into Fuzz/Regressions/TARGET, whose files every run feeds first.
set -eu
cd "$(dirname "$0")"
seconds=${FUZZ_SECONDS:-60}
targets=${*:-$(sed -n 's/^ *fuzz("\([A-Za-z0-9]*\)".*/\1/p' Package.swift)}

# A crash would start the backtracer, which waits for a terminal.
export SWIFT_BACKTRACE=enable=no

# libFuzzer alone by SwiftPM's flag would leave the address sanitizer out; both by that flag would leave the instrumentation out.
swift build -c release --sanitize=fuzzer -Xswiftc -sanitize=fuzzer,address
bin=$(swift build -c release --sanitize=fuzzer -Xswiftc -sanitize=fuzzer,address --show-bin-path)

for target in $targets; do
	corpus=.build/corpus/$target
	crashes=.build/crashes/$target
	mkdir -p "$corpus" "$crashes" "Regressions/$target"
	python3 seeds.py "$target" ".build/seeds/$target"
	echo "== $target: $seconds s"
	"$bin/$target" -max_total_time="$seconds" -max_len=8192 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$crashes/" "$corpus" ".build/seeds/$target" "Regressions/$target"
done
