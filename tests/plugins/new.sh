#!/usr/bin/env bash
# What `ballium plugin new` writes builds, passes its tests and migrates: outside the tree against an installed Ballium, and inside it.
# BALLIUM_BINARY: the installed program, <prefix>/sbin/ballium.
set -u
here=$(cd "$(dirname "$0")/../.." && pwd)
ballium=${BALLIUM_BINARY:?tests/run sets it}
prefix=$(cd "$(dirname "$ballium")/.." && pwd)
work=$(mktemp -d /tmp/ballium-new-XXXXXX)
chmod 755 "$work"
trap '"$here/sql/cluster" stop "$work/db" >/dev/null 2>&1; rm -rf "$work"' EXIT
export BALLIUM_CONFIG=/dev/null
unset BALLIUM_PLUGIN_DIR BALLIUM_PLUGINS
code=0
check() { # check WHAT COMMAND…: the command must succeed
    local what=$1
    shift
    if "$@" >"$work/log" 2>&1; then echo "ok - $what"; else echo "not ok - $what"; sed 's/^/    /' "$work/log"; code=1; fi
}
refuses() { # refuses WHAT LINE COMMAND…: exit code 1, and that line
    local what=$1 line=$2
    shift 2
    "$@" >"$work/log" 2>&1
    if [ $? = 1 ] && grep -qxF "$line" "$work/log"; then echo "ok - $what"; else echo "not ok - $what"; sed 's/^/    /' "$work/log"; code=1; fi
}

plugin=$work/sally_port
check "a new plugin is written" "$ballium" plugin new sally_port "$plugin"
refuses "what is there is not written over" "$plugin: File exists" "$ballium" plugin new sally_port "$plugin"
refuses "a name that is taken is refused" "calendar.so: the name \`calendar\` is taken" "$ballium" plugin new calendar "$work/calendar"
refuses "a name with a hyphen is refused" "a-b.so: its name is not snake_case" "$ballium" plugin new a-b "$work/a-b"
check "no mark is left in it" bash -c "! grep -rE '@(NAME|PATH|PREFIX)@' $plugin"
check "its code has the house's format" clang-format-14 --dry-run -Werror --style=file:"$here/.clang-format" "$plugin/plugin.c" "$plugin/test/rules.c"

check "outside the tree it is configured with find_package(ballium)" cmake -S "$plugin" -B "$work/out" -DCMAKE_PREFIX_PATH="$prefix" \
    -DCMAKE_C_FLAGS="-Wall -Wextra -Wconversion -Wshadow -Werror"
check "it builds" cmake --build "$work/out"
check "its tests pass" ctest --test-dir "$work/out" --no-tests=error
check "its migration is the DDL of its descriptor" bash -c "'$ballium' plugin ddl '$work/out/sally_port.so' | cmp - '$plugin/sql/0001_sally_port.sql'"
check "it is installed" cmake --install "$work/out" --prefix "$work/installed"

mkdir "$work/db" && BALLIUM_CLUSTER_FAST=1 "$here/sql/cluster" start "$work/db" || exit 1
eval "$("$here/sql/cluster" env "$work/db")"
export BALLIUM_PLUGIN_DIR=$work/installed/lib/ballium/plugins
check "it is migrated" "$ballium" migrate
check "its tables are what its descriptor says" bash -c "'$ballium' doctor | grep -x 'ok    tables: sally_port'"
unset BALLIUM_PLUGIN_DIR

# In the tree: only its own targets, the core is built by others.
mkdir "$work/tree" && (cd "$here" && git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$work/tree" 2>/dev/null)
check "a new plugin is written into the tree" "$ballium" plugin new sally_port "$work/tree/plugins/sally_port"
check "the tree takes it in" cmake -S "$work/tree" -B "$work/in" -G Ninja -DBALLIUM_SANITIZE=ON
check "it builds there with the tree's warnings" cmake --build "$work/in" --target sally_port unit_sally_port_rules
check "its test passes there" "$work/in/tests/unit_sally_port_rules"
check "its descriptor passes there" "$ballium" plugin check "$work/in/plugins.d/sally_port.so"
exit $code
