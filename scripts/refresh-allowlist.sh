#!/bin/sh
# Refreshes the allow-list from cron: silent where that succeeds, one line on standard error where it does not, and the
# exit code of `hubgate allowlist refresh`, which takes the same arguments and lets no second refresh run beside it.
set -u

# cron looks in /usr/bin and /bin alone; npm installs elsewhere.
PATH="$PATH:/usr/local/bin"
here=$(dirname -- "$(readlink -f -- "$0")")
beside="$here/../dist/cli/main.js"

if command -v hubgate >/dev/null; then
  said=$(hubgate allowlist refresh "$@" 2>&1 >/dev/null)
elif [ -f "$beside" ]; then
  said=$(node "$beside" allowlist refresh "$@" 2>&1 >/dev/null)
else
  said="hubgate: error: hubgate is neither on PATH ($PATH) nor built beside this script"
  false
fi
code=$?
[ "$code" -eq 0 ] && exit 0

# The error alone, on one line: what was tried again and what to do next are for people at a terminal.
error=$(printf '%s\n' "$said" |
  sed -n '/^hubgate: error: /,/^hubgate: hint: /{/^hubgate: hint: /d;s/^hubgate: error: //;p;}')
line=$(printf '%s\n' "${error:-$said}" | sed 's/^ *//' | paste -s -d ';' - | sed 's/:;/: /;s/;\([^ ]\)/; \1/g')
printf 'refresh-allowlist: %s (exit %s)\n' "$line" "$code" >&2
exit "$code"
