#!/bin/sh
# in-namespace.sh COMMAND [ARGUMENT...]
#
# Runs a command with a network, a /run/pcscd and processes of its own: pcscd's socket path is compiled in,
# so that only this lets several card tests run at once, and beside a pcscd of the machine. Works as root
# and, where the kernel lets users make namespaces, as anybody. The command sees HINAMORI_NAMESPACE=inside.
# When this script ends, whatever the command left running ends too.
set -eu

if [ "${HINAMORI_NAMESPACE:-}" != inside ]; then
    if unshare -mn true 2>/dev/null; then whose=-mn; else whose=-Urmn; fi
    HINAMORI_NAMESPACE=inside
    export HINAMORI_NAMESPACE
    exec unshare "$whose" --pid --fork --kill-child sh "$0" "$@"
fi

# Without the right to make the folder, a /run of our own has room for it.
[ -d /run/pcscd ] || mkdir /run/pcscd 2>/dev/null || { mount -t tmpfs tmpfs /run && mkdir /run/pcscd; }
mount -t tmpfs tmpfs /run/pcscd
ip link set lo up
"$@"
