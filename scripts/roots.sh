# Debian systems in folders, each of one suite, made by debootstrap (as root): what packages are built in, and tried in. Sourced
# after lib.sh, not run.

# The folder of one: KIND is build (with what building needs) or base (nothing but what apt needs). They are kept.
root_of()
{
    echo "${XDG_CACHE_HOME:-$HOME/.cache}/salesagent/$1-root-$2"
}

# make_root KIND CODENAME: debootstrap's minimal system, from where this machine itself gets Debian.
make_root()
{
    local dir uri have include=systemd-standalone-sysusers,curl
    dir=$(root_of "$1" "$2")
    [ ! -f "$dir/complete" ] || return 0
    command -v debootstrap >/dev/null || die "debootstrap is missing: scripts/setup --package"
    [ "$(id -u)" = 0 ] || die "a root of its own needs root"
    have=$(. /etc/os-release; echo "${VERSION_CODENAME:-}")
    uri=$(apt-get indextargets --format '$(CODENAME)|$(ORIGIN)|$(COMPONENT)|$(REPO_URI)' 'Created-By: Packages' |
        sed -n "s/^$have|Debian|main|//p" | sed -n 1p)
    [ -n "$uri" ] || die "no source for Debian $have main in this machine's apt configuration"
    [ "$1" = base ] || include=python3,ca-certificates
    rm -rf --one-file-system "$dir"
    mkdir -p "${dir%/*}"
    debootstrap --variant=minbase --include="$include" "$2" "$dir" "$uri"
    touch "$dir/complete"
}

# in_root DIR COMMAND...: as root of that system, with nothing of this one but how names are found.
in_root()
{
    local dir=$1
    shift
    chroot "$dir" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"
}

enter_root()
{
    [ ! -e /etc/resolv.conf ] || cp /etc/resolv.conf "$1/etc/resolv.conf"
    mountpoint -q "$1/proc" || mount -t proc proc "$1/proc"
}

leave_root()
{
    ! mountpoint -q "$1/proc" || umount "$1/proc"
}

# build_in_root CODENAME COMMIT PLACE OUT [ARGUMENT...]: the packages of that commit, built in the folder PLACE of the suite's own
# root, are put into OUT. The ARGUMENTs are scripts/package's.
build_in_root()
{
    local root place=$3 out=$4 commit=$2 epoch status=0
    root=$(root_of build "$1")
    make_root build "$1"
    shift 4
    epoch=$(git log -1 --format=%ct "$commit")
    rm -rf "${root:?}$place"
    mkdir -p "$root$place" "$out"
    git archive "$commit" | tar -x -C "$root$place"
    enter_root "$root"
    in_root "$root" SOURCE_DATE_EPOCH="$epoch" sh -ec 'cd "$1"; shift; scripts/setup >&2; scripts/package --out made "$@"' sh "$place" "$@" || status=$?
    leave_root "$root"
    [ $status != 0 ] || cp "$root$place"/made/* "$out/"
    rm -rf "${root:?}$place"
    return $status
}
