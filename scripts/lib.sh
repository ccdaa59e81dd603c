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
