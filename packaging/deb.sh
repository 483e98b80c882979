#!/bin/sh
# deb.sh PROGRAMS OUT
#
# Makes the four product packages from the release programs in PROGRAMS. The same commit gives the same bytes
# (with the same compiler): every time in them is SOURCE_DATE_EPOCH, by default that of the last commit.
set -eu
cd "$(dirname "$0")/.."

programs=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")

SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
version=$(cargo pkgid -p hinamori-appliance)
# 0.2.0-rc.1 comes before 0.2.0 for dpkg only when it is written 0.2.0~rc.1.
version=$(echo "${version##*[#@]}" | sed 's/-/~/')
architecture=$(dpkg --print-architecture)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022

# dpkg-shlibdeps wants a source package around it.
mkdir -p "$work/debian"
echo "Source: hinamori" >"$work/debian/control"

fill() { # TEMPLATE
    sed -e "s|@PACKAGE@|$package|g" -e "s|@UNIT@|$unit|g" -e "s|@RUNNING@|$running|g" -e "s|@BEGIN@|$begin|g" \
        -e "s|@FORGET@|$forget|g" -e "s|@VERSION@|$version|g" -e "s|@ARCHITECTURE@|$architecture|g" \
        -e "s|@SHLIBS@|$shlibs|g" -e "s|@INSTALLED_SIZE@|$size|g" "$1"
}

make_package() { # what fill() needs is set
    tree=$work/debian/$package
    packaging/stage.sh "$package" "$programs" "$tree"
    strip --strip-unneeded --remove-section=.comment "$tree"/usr/bin/*
    gzip -9n "$tree"/usr/share/man/man?/*
    documents=$tree/usr/share/doc/$package
    install -D -m 644 packaging/deb/copyright "$documents/copyright"
    {
        printf '%s (%s) stable; urgency=medium\n\n  * CHANGELOG.md in the sources says what changed.\n\n' \
            "$package" "$version"
        printf ' -- Hinamori maintainers <maintainers@hinamori.jp>  %s\n' \
            "$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")"
    } | gzip -9n >"$documents/changelog.gz"

    mkdir "$tree/DEBIAN"
    shlibs=$(cd "$work" && dpkg-shlibdeps -O debian/"$package"/usr/bin/* | sed 's/^shlibs:Depends=//')
    size=$(du -k -s --apparent-size "$tree" | cut -f1)
    for script in postinst prerm postrm; do
        fill "packaging/deb/$script.in" >"$tree/DEBIAN/$script"
        chmod 755 "$tree/DEBIAN/$script"
    done
    (fill packaging/deb/control.in && fill "packaging/deb/$package.control") >"$tree/DEBIAN/control"
    (cd "$tree" && find etc -type f | sort | sed 's|^|/|') >"$tree/DEBIAN/conffiles"
    (cd "$tree" && find usr lib -type f | LC_ALL=C sort | xargs md5sum) >"$tree/DEBIAN/md5sums"
    find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
    dpkg-deb --root-owner-group -Zxz --build "$tree" "$out/${package}_${version}_$architecture.deb" >/dev/null
    echo "$out/${package}_${version}_$architecture.deb"
}

size= shlibs=
forget_data() { # FOLDER
    forget="rm -rf \"\$DPKG_ROOT$1\""
}

package=hinamori-appliance unit=hinamori-appliance.service running=$unit begin="restart $unit"
forget_data /var/lib/hinamori
# Where sticks are mounted; one that is plugged in keeps its place.
forget="$forget; find \"\$DPKG_ROOT/run\" -maxdepth 1 -name hinamori-sticks -type d -empty -delete"
make_package

# A kiosk that runs is begun anew; the first one comes with the next start of the machine, for it takes the
# screen away from whoever installs it.
package=hinamori-kiosk unit=hinamori-kiosk@.service running=hinamori-kiosk@*.service
begin="try-restart '$running'" forget=:
make_package

package=hinamori-server unit=hinamori-server.service running=$unit begin="restart $unit"
forget_data /var/lib/hinamori-server
make_package

# It too takes the screen, and does nothing before it was installed for a town.
package=hinamori-tv unit=hinamori-tv.service running=hinamori-tv*.service
begin="try-restart '$running'"
forget_data /var/lib/hinamori-tv
forget="$forget; rm -rf \"\$DPKG_ROOT/var/lib/hinamori-tv-screen\""
make_package
