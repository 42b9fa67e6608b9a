#!/bin/sh
# Runs the command that it is given. Where the container is started as root, that is as PUID and PGID.
set -eu

DEFAULT_ID=1000

refuse() {
  echo "$1" >&2
  exit 78
}

require_id() {
  case "$2" in
  '' | *[!0-9]* | ??????????*) refuse "$1: \"$2\" is invalid; expected: a number such as 1000." ;;
  esac
}

# What belongs to another user below a directory of Reprise's own. A share may refuse; the server then says more.
take_over() {
  [ ! -d "$1" ] || find "$1" ! -user "$uid" -exec chown -h "$uid:$gid" {} + 2>/dev/null || true
}

case "${UMASK:-}" in
'') ;;
*[!0-7]* | ?????*) refuse "UMASK: \"$UMASK\" is invalid; expected: an octal number such as 022." ;;
*) umask "$UMASK" ;;
esac

uid=${PUID:-$DEFAULT_ID} gid=${PGID:-${PUID:-$DEFAULT_ID}}
require_id PUID "$uid"
require_id PGID "$gid"

if [ "$(id -u)" != 0 ]; then
  is="$(id -u):$(id -g)"
  [ "${PUID:-$(id -u)}:${PGID:-$(id -g)}" = "$is" ] ||
    refuse "PUID and PGID need a container that is started as root, and this one is started as $is: add \"user: root\", or set \"user: $uid:$gid\" in their place."
  exec "$@"
fi
[ "$uid" != 0 ] || exec "$@"

setpriv --reuid "$uid" --regid "$gid" --clear-groups true 2>/dev/null ||
  refuse "Root may not become uid $uid here: grant CAP_SETUID and CAP_SETGID, or set \"user: $uid:$gid\" in place of PUID and PGID."
mkdir -p "$DATA_DIR" "$DOWNLOAD_DIR" 2>/dev/null || true
take_over "$DATA_DIR"
take_over "$DOWNLOAD_DIR/.incoming"
# Docker makes a directory that is missing on the host, as root. Another one stays whose it is.
[ "$(stat -c %u "$DOWNLOAD_DIR" 2>/dev/null)" != 0 ] || chown "$uid:$gid" "$DOWNLOAD_DIR" 2>/dev/null || true
exec setpriv --reuid "$uid" --regid "$gid" --clear-groups -- "$@"
