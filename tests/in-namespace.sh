#!/bin/sh
# in-namespace.sh [--shared-network] COMMAND [ARGUMENT...]
#
# Runs a command with a network, a /run/pcscd and processes of its own: pcscd's socket path is compiled in,
# so that only this lets several card tests run at once, and beside a pcscd of the machine. Works as root
# and, where the kernel lets users make namespaces, as anybody. The command sees HINAMORI_NAMESPACE=inside.
# With --shared-network it keeps the machine's network, so that a browser outside can reach it.
# When this script ends, whatever the command left running ends too.
set -eu

if [ "${HINAMORI_NAMESPACE:-}" != inside ]; then
    kinds=mn
    if [ "${1:-}" = --shared-network ]; then
        kinds=m
        shift
    fi
    # Inside a chroot the root folder is no mount, so that its mounts cannot all be made private; those that are
    # touched are, below.
    if unshare "-$kinds" true 2>/dev/null; then
        whose=-$kinds
    elif unshare --propagation unchanged "-$kinds" true 2>/dev/null; then
        whose="--propagation unchanged -$kinds"
    else
        whose=-Ur$kinds
    fi
    HINAMORI_NAMESPACE=inside
    export HINAMORI_NAMESPACE
    # shellcheck disable=SC2086
    exec unshare $whose --pid --fork --kill-child --mount-proc sh "$0" "$@"
fi

# Without the right to make the folder, a /run of our own has room for it.
[ -d /run/pcscd ] || mkdir /run/pcscd 2>/dev/null || { mount -t tmpfs tmpfs /run && mkdir /run/pcscd; }
# Where /run is a mount of its own, what is mounted in it stays here.
mount --make-private /run 2>/dev/null || true
mount -t tmpfs tmpfs /run/pcscd
ip link set lo up 2>/dev/null || true
"$@"
