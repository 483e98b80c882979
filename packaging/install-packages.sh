#!/bin/sh
# install-packages.sh SET...
#
# Installs the Debian packages of the given sets as far as they are missing. Asks for sudo only when
# something is missing and we are not root. Sets: build (also of the pages), run (what the boxes, the server and the virtual
# readers need), test, package (what makes and checks our own packages).
set -eu

build="build-essential pkg-config libpcsclite-dev libasound2-dev ca-certificates nodejs npm"
run="poppler-utils pcscd libpcsclite1 libccid vsmartcard-vpcd opensc openssl procps util-linux iproute2 mount
     xvfb xauth x11-utils imagemagick
     libegl1 libgl1-mesa-dri libgles2 libwayland-client0 libwayland-egl1 libxkbcommon0
     libxkbcommon-x11-0 libx11-xcb1 libxcursor1 libxi6
     fonts-morisawa-bizud-gothic fonts-noto-cjk libasound2 chromium"
bench="strace sqlite3 mosquitto"
test="strace python3-pip xmlsec1 libxml2-utils xdotool mesa-vulkan-drivers systemd fakeroot poppler-utils zbar-tools"
package="binutils dpkg-dev fakeroot libasound2 libpcsclite1 lintian systemd xz-utils"

wanted=
for set in "$@"; do
    case $set in
        build) wanted="$wanted $build" ;;
        run) wanted="$wanted $run" ;;
        test) wanted="$wanted $test" ;;
        bench) wanted="$wanted $bench" ;;
        package) wanted="$wanted $package" ;;
        *) echo "install-packages.sh: no set $set" >&2; exit 2 ;;
    esac
done

missing=
# Somebody else's nodejs brings npm with it, and conflicts with Debian's.
provided=$(dpkg-query -W -f '${db:Status-Status} ${Provides}\n' | sed -n 's/^installed //p' | tr -d ' ' | tr ',' '\n' | sed 's/(.*//')
for package in $wanted; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || printf '%s\n' "$provided" | grep -qxF "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi
echo "Installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
# pcscd must not be started by its package: every test and the demo bring their own.
# shellcheck disable=SC2086
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
