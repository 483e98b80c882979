#!/bin/sh
# packages.sh FOLDER [PROGRAMS]
#
# Looks at the four packages in FOLDER and lets dpkg install, upgrade, remove and purge them in a root of its
# own: nothing on this machine is changed, and no container is needed. With PROGRAMS, from which they were made,
# it makes them once more and wants the same bytes.
set -eu

# Files become root's in there; pretending is enough.
[ "$(id -u)" = 0 ] || [ -n "${FAKEROOTKEY:-}" ] || exec fakeroot -- "$0" "$@"

folder=$(realpath "$1") made_from=${2:+$(realpath "$2")}
cd "$(dirname "$0")/.."
names="hinamori-appliance hinamori-kiosk hinamori-server hinamori-tv"
debs=$(for name in $names; do ls -t "$folder/$name"_*.deb | head -n 1; done)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

fail() {
    echo "packages.sh: $*" >&2
    exit 1
}

# --- What is in them -------------------------------------------------------------------------------------

mkdir "$work/content"
for deb in $debs; do dpkg-deb -x "$deb" "$work/content"; done
programs=$(find "$work/content" -type f -perm /111 -printf '%f\n' | sort | tr '\n' ' ')
[ "$programs" = "hinamori-appliance hinamori-kiosk hinamori-server hinamori-tv hinamorictl " ] ||
    fail "the packages hold these programs: $programs"
odd=$(find "$work/content" -iname '*simcard*' -o -iname '*tray*' -o -iname '*demo*')
[ -z "$odd" ] || fail "not for a product: $odd"

# Marks of the simulator, its test authority, its tray and the demo town. Each still is one, and in no product.
while IFS= read -r mark; do
    grep -rqF -- "$mark" crates/sim/src packaging/demo-town || fail "\"$mark\" marks nothing any more"
    ! grep -rlaF -- "$mark" "$work/content" || fail "\"$mark\" of the simulator is in a product"
done <<'MARKS'
hinamori-simcard
Mihon Hospital
MIHON HANAKO
HPKI-01-MedisAuthCA2
MHLW HPKI Root CA V2
Japan Agency for Local Authority Information Systems
汐見
MARKS
! grep -rlaE 'hinamori_sim|hinamori_demo|crates/sim/|tests/demo/' "$work/content" ||
    fail "code of the simulator is in a product"
for path in "$PWD/" "${CARGO_HOME:-$HOME/.cargo}/"; do
    ! grep -rlaF -- "$path" "$work/content" || fail "$path, a path of this machine, is in a product"
done

for program in $programs; do
    ! ldd "$work/content/usr/bin/$program" | grep 'not found' || fail "$program lacks libraries"
    "$work/content/usr/bin/$program" --help >/dev/null || fail "$program --help"
done

# --- What dpkg makes of them -----------------------------------------------------------------------------

mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates" "$root/etc/systemd/system" \
    "$root/var/lib/systemd" "$root/run"
: >"$root/var/lib/dpkg/status"
printf 'root:x:0:\n' >"$root/etc/group"
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"

# The maintainer scripts run here and act there (DPKG_ROOT). The packages they depend on are not there.
on_root() {
    dpkg --root="$root" --force-script-chrootless --force-depends "$@" >"$work/said" 2>&1 ||
        fail "dpkg $*: $(cat "$work/said")"
}
# Everything but dpkg's own books and the users, who stay, locked (packaging/deb/postrm.in).
content() {
    (cd "$root" && find . -path ./var/lib/dpkg -prune -o -path './etc/*shadow*' -o -path './etc/passwd*' -o \
        -path './etc/group*' -o -path ./etc/.pwd.lock -o -print | LC_ALL=C sort)
}
there() {
    for path in "$@"; do [ -e "$root/$path" ] || [ -L "$root/$path" ] || fail "$path is missing"; done
}
gone() {
    for path in "$@"; do [ ! -e "$root/$path" ] && [ ! -L "$root/$path" ] || fail "$path is still there"; done
}
wants=etc/systemd/system
on="$wants/multi-user.target.wants/hinamori-appliance.service
    $wants/multi-user.target.wants/hinamori-server.service
    $wants/multi-user.target.wants/hinamori-tv.service
    $wants/graphical.target.wants/hinamori-kiosk@1.service"
kept="var/lib/hinamori/keys var/lib/hinamori-server/keys var/lib/hinamori-tv/town"

content >"$work/before"
# shellcheck disable=SC2086
on_root --install $debs
# shellcheck disable=SC2086
there $on var/lib/hinamori var/lib/hinamori-server etc/hinamori/box.toml usr/bin/hinamorictl
for user in hinamori hinamori-kiosk hinamori-server hinamori-tv hinamori-tv-screen; do
    grep -q "^$user:" "$root/etc/passwd" || fail "no user $user"
done

# An upgrade keeps data, settings and what an operator switched off.
for file in $kept; do echo precious >"$root/$file"; done
echo '# changed' >>"$root/etc/hinamori/box.toml"
systemctl --root="$root" disable hinamori-server.service 2>/dev/null
# shellcheck disable=SC2086
on_root --install $debs
# shellcheck disable=SC2086
there $kept
gone "$wants/multi-user.target.wants/hinamori-server.service"
grep -q '^# changed' "$root/etc/hinamori/box.toml" || fail "an upgrade threw settings away"

# Removing keeps data and settings; purging forgets them.
# shellcheck disable=SC2086
on_root --remove $names
# shellcheck disable=SC2086
there $kept etc/hinamori/box.toml
gone usr/bin/hinamorictl lib/systemd/system/hinamori-appliance.service
# shellcheck disable=SC2086
on_root --purge $names
content >"$work/after"
diff "$work/before" "$work/after" || fail "purging leaves something behind"

# --- What Debian says ------------------------------------------------------------------------------------

unchecked=
# shellcheck disable=SC2086
if apt-cache show pcscd cage libccid fonts-morisawa-bizud-gothic >/dev/null 2>&1; then
    apt-get --simulate --no-install-recommends install $debs >"$work/said" 2>&1 ||
        fail "apt cannot install them: $(cat "$work/said")"
else
    unchecked="$unchecked, dependencies (apt has no lists)"
fi
# shellcheck disable=SC2086
if command -v lintian >/dev/null; then
    lintian --allow-root --fail-on error,warning $debs || fail "lintian has something to say"
else
    unchecked="$unchecked, lintian (not installed)"
fi
if [ -n "$made_from" ]; then
    (umask 077 && TZ=Asia/Tokyo LC_ALL=C packaging/deb.sh "$made_from" "$work/again" >/dev/null)
    for deb in $debs; do
        cmp "$deb" "$work/again/$(basename "$deb")" || fail "$deb cannot be made again"
    done
else
    unchecked="$unchecked, reproduction"
fi

echo "packages: content, installation, upgrade and purge as they must be${unchecked:+; NOT checked: ${unchecked#, }}"
