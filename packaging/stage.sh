#!/bin/sh
# stage.sh PACKAGE PROGRAMS ROOT
#
# Lays the files of one product package (hinamori-appliance, hinamori-kiosk, hinamori-server, hinamori-tv) out under ROOT,
# with the programs found in PROGRAMS. The packages and the test of the units both come from here, so that
# what is tested is what is installed. Whatever is not named here is in no product: that is how the simulator,
# the tray and the test authority stay out.
set -eu

package=$1 programs=$2 root=$3
cd "$(dirname "$0")/.."

put() { # MODE SOURCE TARGET
    install -D -m "$1" "$2" "$root/$3"
}
unit() {
    put 644 "systemd/$1" "lib/systemd/system/$1"
}
program() { # NAME SECTION-OF-ITS-MANUAL
    put 755 "$programs/$1" "usr/bin/$1"
    put 644 "packaging/man/$1.$2" "usr/share/man/man$2/$1.$2"
}

case $package in
    hinamori-appliance)
        program hinamori-appliance 8
        program hinamorictl 8
        unit hinamori-appliance.service
        unit hinamori-stick@.service
        unit pcscd.socket.d/hinamori.conf
        put 644 systemd/tmpfiles.d/hinamori-appliance.conf usr/lib/tmpfiles.d/hinamori-appliance.conf
        put 644 packaging/files/appliance/hinamori.rules usr/share/polkit-1/rules.d/50-hinamori.rules
        put 644 packaging/files/appliance/hinamori-sticks.rules lib/udev/rules.d/90-hinamori-sticks.rules
        put 644 packaging/files/appliance/box.toml etc/hinamori/box.toml
        ;;
    hinamori-kiosk)
        program hinamori-kiosk 1
        unit hinamori-kiosk@.service
        put 644 packaging/files/kiosk/hinamori-kiosk.default etc/default/hinamori-kiosk
        ;;
    hinamori-server)
        program hinamori-server 8
        unit hinamori-server.service
        put 644 systemd/tmpfiles.d/hinamori-server.conf usr/lib/tmpfiles.d/hinamori-server.conf
        put 644 packaging/files/server/hinamori-server.default etc/default/hinamori-server
        put 644 packaging/files/server/roster-mapping.toml \
            usr/share/doc/hinamori-server/examples/roster-mapping.toml
        ;;
    hinamori-tv)
        program hinamori-tv 8
        unit hinamori-tv.service
        unit hinamori-tv-screen.service
        put 644 systemd/tmpfiles.d/hinamori-tv.conf usr/lib/tmpfiles.d/hinamori-tv.conf
        put 644 packaging/files/tv/hinamori-tv.default etc/default/hinamori-tv
        ;;
    *) echo "stage.sh: no package $package" >&2; exit 2 ;;
esac
put 644 "systemd/sysusers.d/$package.conf" "usr/lib/sysusers.d/$package.conf"
