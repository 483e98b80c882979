#!/bin/sh
# fuzz.sh SECONDS [TARGET...]
#
# Feeds each target of tests/fuzz (all without any named) for so many seconds, two at a time, and fails when an
# input broke something, took over ten seconds or too much memory; the input is kept, and named. Stable Rust
# is enough: its LLVM has the pass that libFuzzer wants, and libFuzzer comes with the crate libfuzzer-sys.
#
# What the fuzzer finds stays in target/fuzz/TARGET/corpus and is begun from the next time; target/fuzz can be
# deleted at any time.
set -eu
cd "$(dirname "$0")/.."

host=$(rustc -vV | sed -n 's/^host: //p')
folder=target/fuzz
fuzzer=$folder/build/$host/fuzz/hinamori-fuzz

fail() {
    echo "fuzz.sh: $*" >&2
    exit 1
}

fuzz() { # TARGET SECONDS: libFuzzer's report goes to TARGET/log
    mkdir -p "$folder/$1/corpus" "$folder/$1/found"
    HINAMORI_FUZZ=$1 "$fuzzer" -max_total_time="$2" -timeout=10 -rss_limit_mb=512 -use_value_profile=1 \
        -print_final_stats=1 -artifact_prefix="$folder/$1/found/" "$folder/$1/corpus" >"$folder/$1/log" 2>&1
}

# The script calls itself with this for each target.
if [ "${1:-}" = --one ]; then
    target=$3
    mkdir -p "$folder/$target/corpus"
    cp tests/fuzz/corpus/"$target"/* "$folder/$target/corpus/"
    if ! fuzz "$target" "$2"; then
        tail -n 40 "$folder/$target/log" >&2
        input=$(sed -n 's/.*Test unit written to //p' "$folder/$target/log" | tail -n 1)
        fail "$target: broken by ${input:-something else than an input}. Mend it, and keep the input in" \
            "tests/fuzz/corpus/$target. To try it alone: HINAMORI_FUZZ=$target $fuzzer ${input:-INPUT}"
    fi
    inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$folder/$target/log")
    edges=$(sed -n 's/.*DONE .*cov: \([0-9]*\).*/\1/p' "$folder/$target/log")
    echo "fuzz: $target: $inputs inputs in $2 s, $edges edges covered"
    exit 0
fi

[ $# -ge 1 ] || fail "usage: fuzz.sh SECONDS [TARGET...]"
seconds=$1
shift
# shellcheck disable=SC2046
[ $# -ge 1 ] || set -- $(cd tests/fuzz/corpus && echo *)
for target in "$@"; do
    [ -d "tests/fuzz/corpus/$target" ] || fail "there is no target $target"
done

# The flags count edges and report comparisons (SanitizerCoverage of LLVM). They must not reach build scripts,
# which have no libFuzzer: hence --target.
coverage='-Cpasses=sancov-module'
for argument in level=4 inline-8bit-counters pc-table trace-compares; do
    coverage="$coverage -Cllvm-args=-sanitizer-coverage-$argument"
done
RUSTFLAGS=$coverage ${CARGO:-cargo} build --quiet --locked --package hinamori-fuzz --bin hinamori-fuzz \
    --profile fuzz --target "$host" --target-dir "$folder/build"

# The fuzzer itself can fail: it finds a fault that only the instrumentation leads to, or all silence is empty.
rm -rf "$folder/planted"
! fuzz planted 60 || fail "the planted fault was not found: see $folder/planted/log"
grep -q 'the planted fault' "$folder/planted/log" || fail "$(tail -n 20 "$folder/planted/log")"

printf '%s\n' "$@" | xargs -P 2 -I TARGET tests/fuzz.sh --one "$seconds" TARGET || exit 1
