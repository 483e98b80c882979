#!/bin/sh
# units.sh PROGRAMS
#
# Stages what the packages install, with the programs found in PROGRAMS, into a root beside Debian's own units,
# and asks systemd's tools about it there. No running systemd is needed, and this machine is not changed.
set -eu
cd "$(dirname "$0")/.."

# Making users and giving files to them is root's; pretending is enough here.
[ "$(id -u)" = 0 ] || [ -n "${FAKEROOTKEY:-}" ] || exec fakeroot -- "$0" "$@"

programs=$(realpath "$1")
packages="hinamori-appliance hinamori-kiosk hinamori-server hinamori-tv"
units="hinamori-appliance.service hinamori-stick@sda1.service hinamori-kiosk@1.service hinamori-server.service hinamori-tv.service hinamori-tv-screen.service pcscd.socket"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
root=$folder/root

fail() {
    echo "units.sh: $*" >&2
    exit 1
}

# systemd-analyze verify ends with 0 for unknown settings and values: only silence is a pass.
verify() { # UNIT...
    systemd-analyze --root="$root" --man=no --generators=no verify "$@" 2>&1 || echo "and fails"
}

# Debian's part. Its programs need not be installed where this runs.
mkdir -p "$root/usr/lib/systemd" "$root/usr/bin" "$root/usr/sbin" "$root/etc/default" "$root/var/lib"
for merged in lib bin sbin; do ln -s "usr/$merged" "$root/$merged"; done
cp -a /lib/systemd/system "$root/usr/lib/systemd/"
[ -e "$root/lib/systemd/system/pcscd.socket" ] || fail "install pcscd: its socket unit is needed"
for stand_in in bin/cage bin/chromium bin/mount bin/rmdir bin/umount sbin/pcscd; do
    printf '#!/bin/sh\n' >"$root/$stand_in"
    chmod 755 "$root/$stand_in"
done
printf 'root:x:0:\n' >"$root/etc/group"
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"

for package in $packages; do
    packaging/stage.sh "$package" "$programs" "$root"
done

# shellcheck disable=SC2086
said=$(verify $units)
[ -z "$said" ] || fail "systemd-analyze verify says: $said"

# The check itself can fail: a mistyped setting is noticed.
typo=$root/lib/systemd/system/hinamori-typo.service
sed 's/^RestartSec=/RestartSecs=/' "$root/lib/systemd/system/hinamori-appliance.service" >"$typo"
[ -n "$(verify hinamori-typo.service)" ] || fail "systemd-analyze verify does not notice a mistyped setting"
rm "$typo"

# Exposure, in tenths of systemd's scale of 10: what the units have now, and no more.
exposed() { # UNIT TENTHS
    systemd-analyze --root="$root" --offline=true --threshold="$2" --no-pager security "$1" \
        >"$folder/exposure" 2>&1 || fail "$1 is more exposed than $2 tenths: $(cat "$folder/exposure")"
}
exposed hinamori-appliance.service 13
exposed hinamori-server.service 12
exposed hinamori-kiosk@1.service 14
exposed hinamori-tv.service 17
exposed hinamori-tv-screen.service 25

# Users, groups and folders that the units name are made, with these owners.
# shellcheck disable=SC2086
systemd-sysusers --root="$root" $(printf '%s.conf ' $packages) 2>"$folder/sysusers" ||
    fail "$(cat "$folder/sysusers")"
for unit in "$root"/lib/systemd/system/hinamori-*.service; do
    for user in $(sed -n 's/^User=//p' "$unit"); do
        grep -q "^$user:" "$root/etc/passwd" || fail "$unit runs as $user, whom nobody makes"
    done
    for group in $(sed -n 's/^Group=//p' "$unit"); do
        grep -q "^$group:" "$root/etc/group" || fail "$unit runs as group $group, which nobody makes"
    done
done
systemd-tmpfiles --root="$root" --create hinamori-appliance.conf hinamori-server.conf hinamori-tv.conf
number() { # FILE NAME
    sed -n "s/^$2:[^:]*:\([0-9]*\):.*/\1/p" "$root/etc/$1"
}
owned() { # FOLDER USER GROUP
    seen=$(stat -c '%a %u %g' "$root/$1")
    [ "$seen" = "700 $(number passwd "$2") $(number group "$3")" ] || fail "$1 is $seen"
}
owned var/lib/hinamori hinamori hinamori-kiosk
owned var/lib/hinamori-server hinamori-server hinamori-server
owned var/lib/hinamori-tv hinamori-tv hinamori-tv
owned var/lib/hinamori-tv-screen hinamori-tv-screen hinamori-tv-screen

# The daemon looks for sticks where they are mounted, and may write there; udev starts what mounts them.
sticks=$(sed -n 's/^sticks = "\(.*\)"$/\1/p' "$root/etc/hinamori/box.toml")
[ -n "$sticks" ] && [ "$(stat -c '%a %u' "$root$sticks")" = "755 0" ] || fail "$sticks is not made"
for action in ExecStart=/bin/mount ExecStop=-/bin/umount ExecStopPost=-/bin/rmdir; do
    grep -q "^$action .*$sticks/%i$" "$root/lib/systemd/system/hinamori-stick@.service" || fail "$action is not of $sticks"
done
grep -q "^ReadWritePaths=-$sticks$" "$root/lib/systemd/system/hinamori-appliance.service" ||
    fail "the daemon may not write to $sticks"
grep -q 'SYSTEMD_WANTS}+="hinamori-stick@%k.service"$' "$root/lib/udev/rules.d/90-hinamori-sticks.rules" ||
    fail "udev mounts no stick"

# The programs take the command lines that the units give them, and the daemon takes its settings.
accepted() { # UNIT [DEFAULTS]
    line=$(sed -n 's|^ExecStart=||; s|^/usr/bin/cage -- ||; /^\/usr\/bin\/hinamori/{s/%i/1/g;p}' \
        "$root/lib/systemd/system/$1")
    [ -n "$line" ] || fail "$1 starts nothing of ours"
    # shellcheck disable=SC1090
    [ -z "${2:-}" ] || . "$root/etc/default/$2"
    # Both spell variables the same way.
    eval "set -- $line"
    # Arguments are read in their order: what comes before --help must be right.
    "$root$@" --help >/dev/null 2>"$folder/said" || fail "$line: $(cat "$folder/said")"
}
accepted hinamori-appliance.service
accepted hinamori-kiosk@.service hinamori-kiosk
accepted hinamori-server.service hinamori-server
accepted hinamori-tv.service hinamori-tv
said=$("$root/usr/bin/hinamorictl" --config "$root/etc/hinamori/box.toml" status 2>&1 || true)
case $said in
    *"does not answer"*) ;;
    *) fail "box.toml: $said" ;;
esac
socket=$(sed -n 's/^socket = "\(.*\)"$/\1/p' "$root/etc/hinamori/box.toml")
grep -q -- "--socket $socket " "$root/lib/systemd/system/hinamori-kiosk@.service" ||
    fail "the kiosk looks for another socket than $socket"

echo "units: verify has nothing to say; exposure, users, folders and command lines as they must be"
